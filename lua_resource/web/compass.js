'use strict';

/** Where a call lies from where the player stands: distance in his units, direction from where he looks. */
const compass = (() => {
  const FOOT = 0.3048;
  const MILE = 1609.344;
  let here = null;
  let metric = true;

  function step(value, size) {
    return Math.max(size, Math.round(value / size) * size);
  }

  /** Metres as a player reads them while driving: no more digits than he can use. */
  function distance(metres) {
    const { word, number } = cadbridge;
    if (metric) {
      if (metres < 995) return word('card.metres', { n: step(metres, 10) });
      return word('card.kilometres', { n: number(metres / 1000, metres < 9950 ? 1 : 0) });
    }
    if (metres < 0.19 * MILE) return word('card.feet', { n: step(metres / FOOT, 50) });
    return word('card.miles', { n: number(metres / MILE, metres < 9.95 * MILE ? 1 : 0) });
  }

  /** { metres, degrees } to a place, degrees clockwise from straight ahead; null while unknown. */
  function to(place) {
    if (!here || !place) return null;
    const east = place.x - here.x;
    const north = place.y - here.y;
    // The game counts a heading against the clock, from north.
    const degrees = (Math.atan2(east, north) * 180) / Math.PI + here.heading;
    return { metres: Math.hypot(east, north), degrees };
  }

  /** The turn that leads from one angle to another the short way round. */
  function turn(from, towards) {
    return from + ((((towards - from + 180) % 360) + 360) % 360) - 180;
  }

  function setHere(data) {
    const known = [data.x, data.y, data.heading].every(Number.isFinite);
    here = known ? { x: data.x, y: data.y, heading: data.heading } : null;
  }

  function setMetric(value) {
    metric = value === true;
  }

  return Object.freeze({ to, distance, turn, setHere, setMetric });
})();
