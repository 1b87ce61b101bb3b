'use strict';

/** Sounds of the card itself, for players who want a volume of their own: made, not loaded. */
(() => {
  /** [wave, [[hertz, start, seconds]…]] */
  const TONES = {
    new: ['triangle', [[880, 0, 0.12], [660, 0.14, 0.2]]],
    assigned: ['triangle', [[523, 0, 0.09], [659, 0.1, 0.09], [988, 0.2, 0.24]]],
    changed: ['sine', [[1175, 0, 0.06]]],
    panic: ['square', [[960, 0, 0.18], [720, 0.2, 0.18], [960, 0.4, 0.18], [720, 0.6, 0.18]]],
  };
  const LOUDEST = 0.35;
  let context;

  function play(name, volume) {
    const tone = Object.hasOwn(TONES, name) ? TONES[name] : undefined;
    if (!tone || !(volume > 0)) return;
    context ??= new AudioContext();
    const [wave, notes] = tone;
    const peak = LOUDEST * (Math.min(volume, 100) / 100) ** 2; // ears hear ratios
    for (const [hertz, start, seconds] of notes) {
      const from = context.currentTime + start;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(wave === 'square' ? peak / 2 : peak, from + 0.01);
      gain.gain.exponentialRampToValueAtTime(0.0001, from + seconds);
      const oscillator = context.createOscillator();
      oscillator.type = wave;
      oscillator.frequency.value = hertz;
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(from + seconds);
    }
  }

  cadbridge.on('sound', (data) => play(data.name, data.volume));
})();
