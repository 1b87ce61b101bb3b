'use strict';

/**
 * `/calls`: the open calls, newest or nearest first. Everything works by keyboard: up and down choose a
 * call, Enter responds, R draws the route, N writes a note, S sorts, Escape closes.
 */
(() => {
  const { on, post, element, shape, write, word, text, isObject } = cadbridge;

  const CLASSES = ['emergency', 'civil', 'dispatch', 'assigned', 'panic', 'caller', 'test', 'tone'];

  /** Bytes of a note, as many as the server takes. */
  const NOTE = 1000;
  const utf8 = new TextEncoder();

  /** Milliseconds in which no key means a call that has come under the choice by itself. */
  const STARTLE = 1000;

  let panel = null; // what `panels.show` gives, and the list's own nodes and buttons
  let rows = new Map(); // key -> { data, node, born, … }
  let selected = '';
  let slipped = -Infinity; // when the chosen call ended, and the choice fell on another one
  let noting = ''; // the call that the note is for
  let sort = 'newest';
  let ticking = 0;

  function classOf(data) {
    return CLASSES.includes(data.class) ? data.class : 'dispatch';
  }

  function metres(row) {
    const way = compass.to(isObject(row.data.position) ? row.data.position : null);
    return way ? way.metres : Infinity;
  }

  function sorted() {
    const all = [...rows.values()];
    const distress = (row) => Number(classOf(row.data) === 'panic');
    const newest = (a, b) => b.born - a.born;
    const nearest = (a, b) => metres(a) - metres(b) || newest(a, b);
    const chosen = sort === 'nearest' ? nearest : newest;
    return all.sort((a, b) => distress(b) - distress(a) || chosen(a, b));
  }

  function age(row) {
    return cadbridge.age(performance.now() - row.born);
  }

  // The list. --------------------------------------------------------------------------------------

  function build(row) {
    const node = element('div', 'call');
    node.setAttribute('role', 'option');
    node.addEventListener('click', () => select(row.key));
    node.addEventListener('dblclick', () => respond());
    row.node = node;
    row.shape = shape('dispatch', 'shape', node);
    const words = element('div', 'call-words', node);
    row.title = element('span', 'call-title', words);
    row.title.dir = 'auto';
    row.place = element('span', 'call-place', words);
    row.place.dir = 'auto';
    row.units = element('span', 'call-units', node);
    shape('person', 'shape', row.units);
    row.unitCount = element('span', '', row.units);
    const side = element('div', 'call-side', node);
    row.number = element('span', 'call-number', side);
    row.far = element('span', 'call-far', side);
  }

  function fill(row) {
    const { data } = row;
    const kind = classOf(data);
    row.node.dataset.class = kind;
    row.shape.firstChild.setAttribute('href', `#shape-${kind}`);
    write(row.title, text(data.title) || text(data.text) || word(`card.class.${kind}`));
    const postal = text(data.postal) && word('card.postal', { postal: text(data.postal) });
    write(row.place, [text(data.place), postal].filter(Boolean).join(' · ') || word('card.nowhere'));
    const units = Array.isArray(data.units) ? data.units.map(text).filter(Boolean) : [];
    row.units.hidden = units.length === 0;
    row.units.title = units.join(', ');
    write(row.unitCount, String(units.length));
    write(row.number, text(data.number));
    row.node.classList.toggle('routed', data.routed === true);
    refresh(row);
  }

  function refresh(row) {
    const far = metres(row);
    write(row.far, [Number.isFinite(far) ? compass.distance(far) : '', age(row)].filter(Boolean).join(' · '));
  }

  /** What takes a call's place is the same call: its row moves on, chosen if it was. */
  function follow(old, key) {
    const row = rows.get(old);
    if (!row || old === key) return;
    rows.delete(old);
    if (rows.has(key)) {
      row.node.remove();
    } else {
      row.key = key;
      rows.set(key, row);
    }
    if (selected === old) selected = key;
  }

  /** There is one route: where another call gets it, this one has lost it. */
  function unroute(row) {
    if (row.data.routed !== true) return;
    row.data = { ...row.data, routed: false };
    fill(row);
  }

  function put(data) {
    const key = text(data.key);
    if (!key) return;
    follow(text(data.replaces), key);
    if (data.routed === true) rows.forEach(unroute);
    let row = rows.get(key);
    if (!row) {
      row = { key };
      build(row);
      rows.set(key, row);
    }
    row.data = data;
    if (Number.isFinite(data.age) || row.born === undefined) row.born = performance.now() - (data.age || 0);
    fill(row);
  }

  function arrange() {
    const order = sorted();
    order.forEach((row, index) => {
      const there = panel.list.children[index];
      if (there !== row.node) panel.list.insertBefore(row.node, there || null);
    });
    write(panel.count, String(order.length));
    panel.empty.hidden = order.length > 0;
    panel.detail.hidden = order.length === 0;
    if (!rows.has(selected)) {
      selected = order.length > 0 ? order[0].key : '';
      slipped = performance.now();
    }
    mark();
  }

  function mark() {
    for (const row of rows.values()) {
      row.node.setAttribute('aria-selected', String(row.key === selected));
    }
    if (noting !== selected) endNote(); // never to another call than the one it was begun for
    const row = rows.get(selected);
    if (!row) return;
    row.node.id = 'call-selected';
    for (const other of rows.values()) if (other !== row) other.node.removeAttribute('id');
    describe(row);
  }

  /** Only when the player chooses: news must not scroll away what he reads. */
  function reveal() {
    const row = rows.get(selected);
    if (row) row.node.scrollIntoView({ block: 'nearest' });
  }

  function select(key) {
    selected = key;
    slipped = -Infinity;
    mark();
    reveal();
  }

  function step(by) {
    const order = sorted();
    const index = order.findIndex((row) => row.key === selected);
    const next = order[Math.min(order.length - 1, Math.max(0, index + by))];
    if (next) select(next.key);
  }

  // The chosen call. -------------------------------------------------------------------------------

  function describe(row) {
    panel.story.update({ ...row.data, age: performance.now() - row.born, changed: undefined });
    // Who is on a call has nothing to answer any more.
    panel.respond.hidden = row.data.respond !== true || classOf(row.data) === 'assigned';
    panel.route.disabled = !isObject(row.data.position);
    panel.write.disabled = !row.key.startsWith('dispatch:'); // the CAD keeps notes with no others
    write(panel.routeWord, word(row.data.routed === true ? 'list.routeOff' : 'list.route'));
  }

  /** Whether the chosen call is meant: who acts in the moment in which a call ends means that one. */
  function meant() {
    return rows.has(selected) && performance.now() - slipped >= STARTLE;
  }

  function respond() {
    if (!panel.respond.hidden && meant()) post('respond', { key: selected });
  }

  function route() {
    if (!panel.route.disabled && meant()) post('route', { key: selected });
  }

  function startNote() {
    if (panel.write.disabled || !meant()) return;
    noting = selected;
    panel.form.hidden = false;
    panel.note.focus();
  }

  function sendNote() {
    const note = panel.note.value.trim();
    if (note) post('note', { key: noting, text: note });
    endNote();
  }

  /** What the server would cut off is not taken: the player sees where his note ends. */
  function fit() {
    const typed = panel.note.value;
    const { read } = utf8.encodeInto(typed, new Uint8Array(NOTE));
    if (read < typed.length) panel.note.value = typed.slice(0, read);
  }

  function endNote() {
    if (panel.form.hidden) return;
    panel.note.value = '';
    panel.form.hidden = true;
    panel.list.focus();
  }

  function resort(by) {
    sort = by;
    for (const [name, button] of Object.entries(panel.sorts)) button.setAttribute('aria-pressed', String(name === sort));
    arrange();
    reveal();
  }

  const KEYS = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    PageDown: () => step(8),
    PageUp: () => step(-8),
    Home: () => step(-Infinity),
    End: () => step(Infinity),
    Enter: respond,
    r: route,
    n: startNote,
    s: () => resort(sort === 'newest' ? 'nearest' : 'newest'),
  };

  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.tagName === 'INPUT') {
      if (event.key === 'Enter') sendNote();
      if (event.key === 'Escape') {
        event.preventDefault(); // leaves the note, not the list
        endNote();
      }
      return;
    }
    if (event.key === 'Enter' && event.target.tagName === 'BUTTON') return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (!Object.hasOwn(KEYS, name)) return;
    event.preventDefault();
    KEYS[name]();
  }

  function action(parent, name, key, pressed, className) {
    const button = panels.button(parent, '', `action ${className || ''}`, pressed);
    element('kbd', 'cap', button).textContent = key;
    const label = element('span', '', button);
    write(label, word(`list.${name}`));
    return [button, label];
  }

  function detail(parent) {
    panel.detail = element('div', 'detail', parent);
    panel.story = makeCard({ class: 'dispatch' });
    panel.detail.append(panel.story.root);
    panel.form = element('div', 'note-form', panel.detail);
    panel.form.hidden = true;
    panel.note = element('input', 'note-text', panel.form);
    panel.note.type = 'text';
    panel.note.dir = 'auto';
    panel.note.maxLength = NOTE;
    panel.note.addEventListener('input', fit);
    panel.note.placeholder = word('list.notePlaceholder');
    panels.button(panel.form, word('list.send'), 'main', sendNote);
    const actions = element('div', 'actions', panel.detail);
    [panel.respond] = action(actions, 'respond', '↵', respond, 'main');
    [panel.route, panel.routeWord] = action(actions, 'route', 'R', route);
    [panel.write] = action(actions, 'note', 'N', startNote);
  }

  function tick() {
    for (const row of rows.values()) refresh(row);
    panel.story.tick(performance.now());
    panel.story.aim();
  }

  /** On a narrow screen the list moves over, so that it does not cover what the cards say. */
  function aside() {
    const margin = 14;
    panel.root.style.marginLeft = '';
    const cards = stack.root.getBoundingClientRect();
    const middle = (cards.left + cards.width / 2) / window.innerWidth;
    if (Math.abs(middle - 0.5) < 0.2) return;
    const box = panel.root.getBoundingClientRect();
    const by = middle > 0.5
      ? Math.max(margin - box.left, Math.min(0, cards.left - margin - box.right))
      : Math.min(window.innerWidth - margin - box.right, Math.max(0, cards.right + margin - box.left));
    panel.root.style.marginLeft = `${by}px`;
  }

  function ended() {
    clearInterval(ticking);
    panel = null;
    rows = new Map();
  }

  on('list', (data) => {
    if (!Array.isArray(data.calls)) return;
    if (isObject(data.here)) compass.setHere(data.here);
    rows = new Map();
    const shown = panels.show('list', word('list.title'), ended);
    panel = { ...shown, sorts: {} };
    aside();
    panel.count = element('span', 'count', panel.heading);
    for (const by of ['newest', 'nearest']) {
      panel.sorts[by] = panels.button(panel.extra, word(`list.${by}`), 'sort', () => resort(by));
    }
    panel.list = element('div', 'calls', panel.body);
    panel.list.tabIndex = 0;
    panel.list.setAttribute('role', 'listbox');
    panel.list.setAttribute('aria-label', word('list.title'));
    panel.list.setAttribute('aria-activedescendant', 'call-selected');
    panel.empty = element('p', 'empty', panel.body);
    write(panel.empty, word('list.empty'));
    detail(panel.body);
    panel.root.addEventListener('keydown', press);
    selected = '';
    data.calls.filter(isObject).forEach(put);
    resort(sort);
    slipped = -Infinity; // he opened the list: what it offers first is no surprise
    panel.list.focus();
    ticking = setInterval(tick, 1000);
  });

  window.addEventListener('resize', () => {
    if (panel) aside();
  });

  on('listed', (data) => {
    if (!panel) return;
    put(data);
    arrange();
  });

  on('unlisted', (data) => {
    const row = rows.get(text(data.key));
    if (!panel || !row) return;
    rows.delete(row.key);
    row.node.remove();
    arrange();
  });
})();
