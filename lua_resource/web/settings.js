'use strict';

/**
 * `/alerts`: what a player may choose. Each choice is in force and kept at once; a sample card shows
 * what it does, and is where the cards are moved, by mouse or by arrow keys.
 */
(() => {
  const { on, post, element, write, word, text, isObject } = cadbridge;

  const SAMPLE = 'sample';
  const PLACES = ['top-left', 'top', 'top-right', 'left', 'right', 'bottom-right'];
  const SOUND = { assigned: 'assigned', panic: 'panic', change: 'changed' };
  const LEAST = { panic: 40 };

  let state = null; // { preferences, styles, classes, keys }
  let panel = null;

  /** The sample, in the class that was chosen last. */
  let shown = 'emergency';

  function sample() {
    const root = stack.show({
      key: SAMPLE, class: shown, number: '911 #4711', title: word('settings.sampleTitle'),
      text: word('settings.sampleText'), place: 'Vespucci Boulevard', postal: '7351', caller: 'Jane Roe',
      age: 34000, units: shown === 'assigned' ? ['1A-12', '1A-14'] : [], respond: true, bound: state.keys.respond,
    });
    root.classList.add('sample'); // it alone shows the key though that does not mean it
  }

  /** Shows what a choice does; `save` also keeps it. */
  function preview(changes) {
    state.preferences = { ...state.preferences, ...changes };
    stack.place(state.preferences);
    aside();
  }

  function save(changes) {
    preview(changes);
    post('save', { preferences: state.preferences });
  }

  /** The panel keeps out of the way of the cards: beside them, or below or above those in the middle. */
  function aside() {
    const box = stack.root.getBoundingClientRect();
    const { innerWidth, innerHeight } = window;
    const middle = (box.left + box.width / 2) / innerWidth;
    const between = Math.abs(middle - 0.5) < 0.2;
    const low = box.top + box.height / 2 > innerHeight / 2;
    const { classList, style } = panel.root;
    classList.toggle('below', between && !low);
    classList.toggle('above', between && low);
    classList.toggle('to-left', !between && middle > 0.5);
    classList.toggle('to-right', !between && middle <= 0.5);
    style.setProperty('--taken', `${low ? innerHeight - box.top : box.bottom}px`);
  }

  function listen(name) {
    post('listen', { name: SOUND[name] || 'new', class: name });
  }

  // Where the cards stand. -----------------------------------------------------------------------

  function moveTo(x, y) {
    preview({ place: 'free', x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) });
    panel.places.forEach((input) => { input.checked = false; });
  }

  /** Keeps the edge that the stack grows from: the top above the middle, the bottom below it. */
  function moveBox(left, top, box) {
    const low = top + box.height / 2 > window.innerHeight / 2;
    moveTo((left + box.width / 2) / window.innerWidth, (low ? top + box.height : top) / window.innerHeight);
  }

  function drag(event) {
    if (!panel || !event.target.closest('.card')) return;
    event.preventDefault();
    const box = stack.root.getBoundingClientRect();
    const dx = event.clientX - box.left;
    const dy = event.clientY - box.top;
    const follow = (moved) => {
      if (panel) moveBox(moved.clientX - dx, moved.clientY - dy, box);
    };
    const end = () => {
      window.removeEventListener('pointermove', follow);
      document.body.classList.remove('dragging');
      if (panel) save({});
    };
    document.body.classList.add('dragging');
    window.addEventListener('pointermove', follow);
    window.addEventListener('pointerup', end, { once: true });
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function nudge(event) {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const box = stack.root.getBoundingClientRect();
    const size = window.innerHeight / (event.shiftKey ? 20 : 100);
    moveBox(box.left + step[0] * size, box.top + step[1] * size, box);
    save({});
  }

  function places(parent) {
    const { root, name } = panels.row(parent, word('settings.place'), word('settings.placeHint'));
    const screen = element('div', 'screen', root);
    screen.setAttribute('role', 'radiogroup');
    screen.setAttribute('aria-labelledby', name.id);
    panel.places = PLACES.map((place) => {
      const cell = element('label', 'spot', screen);
      cell.dataset.spot = place;
      const input = element('input', '', cell);
      input.type = 'radio';
      input.name = 'place';
      input.checked = state.preferences.place === place;
      input.setAttribute('aria-label', word(`settings.place.${place}`));
      input.addEventListener('change', () => save({ place }));
      element('span', '', cell);
      return input;
    });
    const handle = panels.button(root.firstChild, word('settings.move'), 'plain', () => {});
    handle.addEventListener('keydown', nudge);
  }

  // The groups of the panel. ---------------------------------------------------------------------

  function options(name, values) {
    return values.map((value) => [value, word(`settings.${name}.${value}`)]);
  }

  function choose(parent, name, values, hint) {
    panels.choice(parent, word(`settings.${name}`), options(name, values), state.preferences[name],
      (value) => save({ [name]: value }), hint);
  }

  function flag(parent, name) {
    panels.toggle(parent, word(`settings.${name}`), state.preferences[name], (value) => save({ [name]: value }),
      word(`settings.${name}Hint`));
  }

  function look(parent) {
    const group = panels.group(parent, word('settings.look'));
    const there = isObject(state.styles) ? state.styles : {};
    const styles = ['auto', 'card', 'native', 'ox_lib', 'chat'].map((style) => [
      style, word(`settings.style.${style}`), style !== 'auto' && style !== 'card' && there[style] !== true]);
    panels.choice(group, word('settings.style'), styles, state.preferences.style, (style) => save({ style }));
    places(group);
    choose(group, 'size', ['small', 'medium', 'large']);
    choose(group, 'stay', ['short', 'normal', 'long']);
    choose(group, 'wide', ['centre', 'edge'], word('settings.wideHint'));
    flag(group, 'motion');
  }

  function loudness(parent, name) {
    const row = element('div', 'mixer', parent);
    row.dataset.class = name;
    const label = word(name === 'change' ? 'settings.changes' : `card.class.${name}`);
    const show = panels.button(row, label, 'mixer-name', () => {
      if (name !== 'change') shown = name;
      sample();
      listen(name);
    });
    show.title = word('settings.listen');
    const { volume, muted } = state.preferences;
    panels.slider(row, label, volume[name], LEAST[name] || 0, (value) => {
      save({ volume: { ...state.preferences.volume, [name]: value } });
      listen(name);
    });
    if (name === 'panic') {
      write(element('span', 'mixer-always', row), word('settings.always'));
      return;
    }
    const cell = element('label', 'switch', row);
    const input = element('input', '', cell);
    input.type = 'checkbox';
    input.setAttribute('role', 'switch');
    input.setAttribute('aria-label', label);
    input.checked = muted[name] !== true;
    input.addEventListener('change', () => save({ muted: { ...state.preferences.muted, [name]: !input.checked } }));
    element('span', 'switch-track', cell);
  }

  function sound(parent) {
    const group = panels.group(parent, word('settings.sounds'));
    flag(group, 'mute');
    choose(group, 'sound', ['game', 'card'], word('settings.soundHint'));
    const mixer = element('div', 'mixers', group);
    for (const name of state.classes) loudness(mixer, name);
  }

  function behaviour(parent) {
    const group = panels.group(parent, word('settings.behaviour'));
    flag(group, 'glance');
    flag(group, 'shield');
    keys(group);
  }

  /** The keys as they are bound now; they are changed in the game, not here. */
  function keys(parent) {
    const { root } = panels.row(parent, word('settings.keys'), word('settings.keysHint'));
    const list = element('div', 'keys', root);
    for (const [name, label] of [['respond', word('list.respond')], ['list', word('list.title')]]) {
      const entry = element('span', 'keys-entry', list);
      const bound = text(state.keys[name]);
      write(element('kbd', bound ? 'cap' : 'cap command', entry), bound || word('settings.unbound'));
      write(element('span', '', entry), label);
    }
  }

  function valid(data) {
    const { preferences } = data;
    return isObject(preferences) && isObject(preferences.volume) && isObject(preferences.muted)
      && Array.isArray(data.classes);
  }

  function ended() {
    panel = null;
    document.body.classList.remove('arranging');
    stack.clear({ key: SAMPLE });
  }

  on('settings', (data) => {
    if (!valid(data)) return;
    state = { ...data, keys: isObject(data.keys) ? data.keys : {}, classes: data.classes.map(text) };
    panel = panels.show('settings', word('settings.title'), ended);
    document.body.classList.add('arranging');
    const left = element('div', 'column', panel.body);
    const right = element('div', 'column', panel.body);
    look(left);
    behaviour(left);
    sound(right);
    const foot = element('footer', 'panel-foot', panel.root);
    write(element('span', 'panel-note', foot), word('settings.kept'));
    panels.button(foot, word('settings.done'), 'main', () => panels.close(true)).focus();
    sample();
    stack.place(state.preferences);
    aside();
  });

  window.addEventListener('resize', () => {
    if (panel) aside();
  });

  stack.root.addEventListener('pointerdown', drag);
})();
