'use strict';

/**
 * One card: the picture of one call. It is made once and changed in place; of a change only what
 * differs is written, and what the change names is marked for a while.
 */
const makeCard = (() => {
  const { element, shape, write, word, text, isObject } = cadbridge;

  const CLASSES = ['emergency', 'civil', 'dispatch', 'assigned', 'panic', 'caller', 'test', 'tone'];

  /** Classes that are about a place: that it is unknown is worth a word. */
  const SOMEWHERE = ['emergency', 'civil', 'dispatch', 'assigned', 'panic'];

  /** Units named on a card; the others are a number. */
  const UNITS = 4;

  /** Milliseconds that a change stays marked. */
  const MARKED = 5000;

  /** Fields of an alert whose change is worth a mark, and the part of the card that shows it. */
  const PARTS = {
    title: 'title', text: 'text', note: 'note', place: 'place', postal: 'postal', position: 'compass',
    caller: 'caller', priority: 'priority', units: 'units', class: 'kind', status: 'status',
  };

  function fillPlace(parts, data) {
    const where = text(data.place);
    const postal = text(data.postal) && word('card.postal', { postal: text(data.postal) });
    const nowhere = !where && !postal && !data.position && SOMEWHERE.includes(known(data));
    fill(parts.placeValue, nowhere ? word('card.nowhere') : where);
    fill(parts.postal, postal);
    parts.place.hidden = parts.placeValue.hidden && parts.postal.hidden;
  }

  /** The parts of a card, empty: [element, parts by name]. */
  function build() {
    const root = element('article', 'card');
    element('span', 'edge', root);
    const parts = { root };
    const head = element('header', 'head', root);
    parts.shape = shape('emergency', 'shape', head);
    parts.kind = element('span', 'kind', head);
    parts.fresh = element('span', 'fresh', head);
    parts.number = element('span', 'number', head);
    parts.age = element('span', 'age', head);
    const body = element('div', 'body', root);
    const left = element('div', 'left', body);
    const story = element('div', 'story', left);
    for (const [name, tag] of [['title', 'h2'], ['text', 'p'], ['note', 'p']]) {
      parts[name] = element(tag, name, story);
      parts[name].dir = 'auto';
    }
    parts.compass = element('div', 'compass', body);
    const ring = element('div', 'ring', parts.compass);
    parts.arrow = shape('arrow', 'arrow', ring);
    parts.distance = element('span', 'distance', parts.compass);
    const facts = element('div', 'facts', left);
    for (const [name, icon] of [['place', 'pin'], ['caller', 'person'], ['priority', 'flag'], ['status', 'dot']]) {
      const fact = element('div', `fact ${name}`, facts);
      shape(icon, 'icon', fact);
      const value = element('span', 'value', fact);
      value.dir = 'auto';
      parts[name] = fact;
      parts[`${name}Value`] = value;
    }
    parts.postal = element('span', 'postal', parts.place);
    const foot = element('footer', 'foot', root);
    parts.foot = foot;
    parts.units = element('div', 'units', foot);
    parts.unitsLabel = element('span', 'label', parts.units);
    parts.chips = Array.from({ length: UNITS }, () => element('bdi', 'chip', parts.units));
    parts.moreUnits = element('span', 'more-units', parts.units);
    parts.key = element('div', 'key', foot);
    parts.cap = element('kbd', 'cap', parts.key);
    parts.respond = element('span', 'label', parts.key);
    parts.life = element('span', 'life', root);
    return parts;
  }

  function fill(node, value) {
    write(node, value);
    node.hidden = value === '';
  }

  function fillFact(parts, name, value) {
    write(parts[`${name}Value`], value);
    parts[name].hidden = value === '';
  }

  function fillUnits(parts, units, wanted) {
    parts.units.hidden = units.length === 0 && !wanted;
    write(parts.unitsLabel, word(units.length > 0 ? 'card.onTheWay' : 'card.nobody'));
    parts.chips.forEach((chip, index) => fill(chip, text(units[index])));
    const rest = units.length - UNITS;
    fill(parts.moreUnits, rest > 0 ? `+${rest}` : '');
  }

  function fillKey(parts, data) {
    const bound = text(data.bound);
    parts.key.hidden = data.respond !== true; // and shown on the one card that the key means
    parts.cap.classList.toggle('command', bound === '');
    write(parts.cap, bound || '/respond');
    // Who is on a call has nothing to answer any more: to him the key shows the way again.
    write(parts.respond, word(known(data) === 'assigned' ? 'list.route' : 'card.respond'));
  }

  function known(data) {
    return CLASSES.includes(data.class) ? data.class : 'dispatch';
  }

  return (data) => {
    const parts = build();
    const card = { root: parts.root, class: 'dispatch', position: null, born: 0, rotation: 0, ends: 0 };
    const marks = new Map();

    function dress(kind) {
      if (kind === parts.root.dataset.class) return;
      card.class = kind;
      parts.root.dataset.class = kind;
      parts.shape.firstChild.setAttribute('href', `#shape-${kind}`);
    }

    function mark(changed, now) {
      for (const field of changed) {
        const part = Object.hasOwn(PARTS, field) ? parts[PARTS[field]] : undefined;
        if (!part) continue;
        part.classList.add('changed');
        marks.set(part, now + MARKED);
      }
      parts.root.classList.toggle('updated', marks.size > 0);
      write(parts.fresh, word('card.updated'));
    }

    function unmark(now) {
      if (marks.size === 0) return;
      for (const [part, until] of marks) {
        if (now < until) continue;
        part.classList.remove('changed');
        marks.delete(part);
      }
      parts.root.classList.toggle('updated', marks.size > 0);
    }

    /** The line that shortens until the card leaves; it starts anew only where the end has moved. */
    function live(duration, now) {
      if (!(duration > 0) || Math.abs(now + duration - card.ends) < 750) return;
      card.ends = now + duration;
      parts.life.style.animationDuration = `${Math.round(duration)}ms`;
      parts.life.classList.toggle('again');
    }

    card.update = (fresh) => {
      const now = performance.now();
      dress(known(fresh));
      card.position = isObject(fresh.position) ? fresh.position : null;
      card.born = now - (Number.isFinite(fresh.age) ? Math.max(0, fresh.age) : 0);
      write(parts.kind, word(`card.class.${card.class}`));
      fill(parts.number, text(fresh.number));
      fill(parts.title, text(fresh.title));
      fill(parts.text, text(fresh.text));
      fill(parts.note, text(fresh.note) && word('card.noteLine', { note: text(fresh.note) }));
      fillPlace(parts, fresh);
      fillFact(parts, 'caller', text(fresh.caller));
      fillFact(parts, 'priority', text(fresh.priority) && word('card.priorityLine', { priority: text(fresh.priority) }));
      fillFact(parts, 'status', text(fresh.status));
      fillUnits(parts, Array.isArray(fresh.units) ? fresh.units : [], fresh.respond === true);
      fillKey(parts, fresh);
      parts.foot.hidden = parts.units.hidden && parts.key.hidden;
      parts.foot.classList.toggle('nobody', parts.chips[0].hidden);
      parts.root.classList.toggle('untitled', parts.title.hidden);
      if (Array.isArray(fresh.changed)) mark(fresh.changed, now);
      live(fresh.duration, now);
      card.tick(now);
      card.aim();
    };

    /** What a second changes. */
    card.tick = (now) => {
      write(parts.age, cadbridge.age(now - card.born));
      unmark(now);
    };

    /** What a step of the player changes. */
    card.aim = () => {
      const way = compass.to(card.position);
      parts.compass.classList.toggle('lost', !way);
      parts.compass.hidden = !card.position;
      parts.root.classList.toggle('unplaced', !card.position);
      write(parts.distance, way ? compass.distance(way.metres) : '');
      if (!way) return;
      const rotation = Math.round(compass.turn(card.rotation, way.degrees));
      if (rotation === card.rotation) return;
      card.rotation = rotation;
      parts.arrow.style.transform = `rotate(${rotation}deg)`;
    };

    card.update(data);
    return card;
  };
})();
