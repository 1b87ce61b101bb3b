/** The demo's page: what the stage tells is shown, what is pressed is told. Text is set as text. */

import { Frame, relay } from './frames.js';
import { Chart, VIEWS, colourOf, make, things } from './map.js';
import { draw } from './scene.js';

const at = (id) => document.getElementById(id);
const all = (query, root = document) => [...root.querySelectorAll(query)];
const state = { screens: {}, stage: {}, hops: null, map: 1, view: 'city' };

function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function many(n, thing) {
  return `${n} ${thing}${n === 1 ? '' : 's'}`;
}

/** Keeps the children that are there already, so that nothing jumps that has not changed. */
function keep(parent, items, build) {
  const known = new Map(all(':scope > [data-id]', parent).map((node) => [node.dataset.id, node]));
  const nodes = items.map((item) => {
    const node = known.get(String(item.id)) ?? build(item);
    node.dataset.id = item.id;
    known.delete(String(item.id));
    return node;
  });
  for (const node of known.values()) node.remove();
  nodes.forEach((node, i) => { if (parent.children[i] !== node) parent.insertBefore(node, parent.children[i] ?? null); });
}

// ---- the screens

const players = all('.player').map((root) => {
  const player = Number(root.dataset.player);
  const { role } = root.dataset;
  return {
    player, role, root,
    screen: null,
    frame: new Frame(player, role, root.querySelector('iframe')),
    radar: new Chart(root.querySelector('.radar'), { arrows: false }),
    scene: root.querySelector('.scene'),
    feed: root.querySelector('.feed'),
    sounds: root.querySelector('.sounds'),
    foot: root.querySelector('footer'),
  };
});
relay(players.map((one) => one.frame));

/** Makes one screen as large as a monitor, or all of them small again. */
function enlarge(mine, large) {
  at('stage').classList.toggle('large', large);
  for (const one of players) {
    const it = large && one === mine;
    one.root.classList.toggle('large', it);
    one.root.querySelector('button').textContent = it ? 'Back' : 'Enlarge';
  }
  resize();
}

/** A panel takes keyboard and mouse, and more room than a small screen has. */
function focus(one, on) {
  enlarge(one, on);
  if (on) one.root.scrollIntoView({ block: 'nearest' }); // on a phone it is far above the button
  one.frame.focus(on);
}

const RADAR = { w: 900, h: 640 };

function showScreens(screens) {
  state.screens = screens;
  for (const one of players) {
    one.screen = screens[one.player];
    if (one.frame.focused !== one.screen.focus) focus(one, one.screen.focus);
    one.root.classList.toggle('busy', one.screen.focus);
    keep(one.feed, one.screen.feed, feedPost);
    keep(one.sounds, one.screen.sounds.slice(-2), heard);
    showGot(one);
  }
  showMaps();
}

function feedPost(post) {
  const node = el('div', 'post');
  if (post.sender) node.append(el('b', '', post.sender));
  node.append(el('span', '', post.text));
  return node;
}

function heard(sound) {
  const node = el('div', 'sound');
  node.append(el('i', '', '♪'), el('b', '', sound.means || sound.name), el('span', '', sound.name));
  return node;
}

/** In a few words, what came to the player since the last push. */
function showGot(one) {
  const { got } = one.screen;
  const words = [];
  const counted = (n, thing) => (n === 1 ? thing : many(n, thing));
  if (got.cards) words.push(counted(got.cards, 'picture'));
  if (got.notices) words.push(counted(got.notices, 'notice'));
  if (got.sounds) words.push(counted(got.sounds, 'sound'));
  if (got.blips) words.push(counted(got.blips, 'blip'));
  const text = words.join(' · ') || (got.bytes ? 'brought up to date' : 'nothing');
  const bytes = `${got.bytes.toLocaleString('en')} bytes`;
  const signature = `${text} ${bytes} ${state.hops?.number}`;
  if (one.foot.dataset.shown === signature) return;
  one.foot.dataset.shown = signature;
  one.root.classList.toggle('got', words.length > 0);
  one.foot.replaceChildren(
    el('span', 'label', state.hops ? 'since the last push' : 'so far'),
    el('b', '', text), el('span', 'bytes', got.bytes ? bytes : 'not one byte'));
}

// ---- the maps

const map = new Chart(at('map'), { places: true });
const inset = new Chart(at('inset'));

function showMaps() {
  const chosen = players.find((one) => one.player === state.map);
  if (!chosen.screen) return;
  const others = players.filter((one) => one !== chosen);
  if (map.view) map.draw(things(chosen.screen, chosen, others));
  for (const one of players) {
    const [x, y] = one.screen.at;
    one.radar.look({ x, y, ...RADAR });
    if (one.radar.view) one.radar.draw(things(one.screen, one, [], { edge: true }));
  }
  showLegend(chosen.screen);
}

function showLegend(screen) {
  const rows = screen.blips.filter((blip) => blip.kind !== 'radius')
    .map((blip) => ({ id: `${blip.id} ${blip.name} ${blip.colour} ${blip.route}`, blip }));
  const legend = at('legend');
  legend.classList.toggle('empty', rows.length === 0);
  if (rows.length === 0) {
    legend.replaceChildren(el('span', 'none', 'No blip on this player’s map'));
    return;
  }
  all('.none', legend).forEach((node) => node.remove());
  keep(legend, rows.slice(-3), ({ blip }) => {
    const node = el('span', 'entry');
    const dot = el('i');
    dot.style.background = colourOf(blip.colour);
    node.append(dot, el('span', '', blip.name || 'blip'));
    if (blip.route !== null) node.append(el('em', '', 'route'));
    return node;
  });
}

const still = window.matchMedia('(prefers-reduced-motion: reduce)');
let flight = 0;

/** Flies from what the map shows to another view. */
function fly(to) {
  cancelAnimationFrame(flight);
  const from = map.view ?? to;
  const began = performance.now();
  const lasts = still.matches || from === to ? 0 : 550;
  const step = (now) => {
    const t = lasts === 0 ? 1 : Math.min(1, (now - began) / lasts);
    const ease = t < 0.5 ? 4 * t ** 3 : 1 - ((-2 * t + 2) ** 3) / 2;
    const mix = (a, b) => a + (b - a) * ease;
    map.look(t === 1 ? to : { x: mix(from.x, to.x), y: mix(from.y, to.y), w: mix(from.w, to.w), h: mix(from.h, to.h) });
    showMaps();
    if (t < 1) flight = requestAnimationFrame(step);
  };
  step(began);
}

function showInset() {
  const other = state.view === 'city' ? VIEWS.island : VIEWS.city;
  inset.look(other);
  inset.over.replaceChildren();
  if (state.view === 'city' && inset.view) {
    const { x, y, w, h } = VIEWS.city;
    inset.over.append(make('rect', { x: x - w / 2, y: -y - h / 2, width: w, height: h, class: 'window' }));
  }
}

at('zoom').addEventListener('click', () => {
  state.view = state.view === 'city' ? 'island' : 'city';
  fly(VIEWS[state.view]);
  showInset();
});

function chooseMap(player) {
  state.map = player;
  for (const tab of all('[data-map]')) tab.setAttribute('aria-pressed', String(Number(tab.dataset.map) === player));
  showMaps();
}

for (const tab of all('[data-map]')) tab.addEventListener('click', () => chooseMap(Number(tab.dataset.map)));
for (const one of players) one.root.querySelector('.radar').addEventListener('click', () => chooseMap(one.player));

// ---- the way of the last push

const WORDS = {
  posted: () => 'by the CAD',
  stored: (stop) => (stop.seq ? `as event ${stop.seq}` : 'in the journal'),
  answered: (stop) => (stop.status === 200 ? '200 ok to the CAD' : `${stop.status} to the CAD`),
  streamed: (stop) => stop.event ?? 'to the game server',
  painted: (stop) => names(stop.players),
  receipt: (stop) => (stop.due ? `${stop.shown} of ${many(stop.due, 'screen')}` : 'for nobody'),
};
const PLAIN = Object.fromEntries(all('#way li').map((li) => [li.dataset.stop, li.querySelector('span').textContent]));

/** Pushes that make a new alert; others have no receipt. */
const ALERTS = ['EVENT_911', 'EVENT_DISPATCH_NEW', 'EVENT_UNIT_PANIC', 'EVENT_STATION_ALERT'];

function waiting(stop, hops) {
  if (stop === 'receipt' && hops && !ALERTS.includes(hops.type)) return 'for new alerts only';
  return PLAIN[stop];
}

function names(numbers = []) {
  return numbers.map((n) => players.find((one) => one.player === n)?.role).filter(Boolean).join(', ') || 'on the screens';
}

function time(ms) {
  if (ms < 1000) return `${ms} ms`;
  return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

function showHops(hops) {
  state.hops = hops;
  const stops = hops?.stops ?? {};
  if (hops) {
    at('push-type').textContent = hops.type;
    at('push-note').textContent = hops.note || progress(stops);
    at('push-note').classList.toggle('bad', Boolean(hops.note) && !stops.answered);
  }
  for (const li of all('#way li')) {
    const stop = stops[li.dataset.stop];
    li.classList.toggle('passed', stop !== undefined);
    li.classList.toggle('bad', stop?.status !== undefined && stop.status !== 200);
    li.querySelector('span').textContent = stop ? WORDS[li.dataset.stop](stop) : waiting(li.dataset.stop, hops);
    li.querySelector('em').textContent = stop && li.dataset.stop !== 'posted' ? time(stop.ms) : '';
  }
}

/** What the strip says in words, for who does not read strips. */
function progress(stops) {
  if (stops.receipt) return 'The bridge knows who has seen it.';
  if (stops.painted) return 'On the screen.';
  if (stops.streamed) return 'The game server has it.';
  if (stops.stored) return 'Safe on disk; it waits for the game server.';
  return 'On its way…';
}

// ---- what runs, and the buttons

const HEALTH = {
  bridge: (s) => [s.bridge ? 'ok' : 'fail', s.bridge ? 'Bridge runs' : 'Bridge is dead'],
  cable: (s) => [s.cable ? 'ok' : 'fail', s.cable ? 'Cable is whole' : 'Cable is cut'],
  resource: (s) => [s.connected ? 'ok' : 'wait', s.connected ? 'Resource connected' : 'Resource waits'],
};
const TOGGLES = { bridge: 'bridge', cable: 'cable', unit: 'unit', panic: 'panic' };

function showStage(stage) {
  state.stage = stage;
  for (const [name, look] of Object.entries(HEALTH)) {
    const [level, words] = look(stage);
    const node = at(`health-${name}`);
    node.dataset.level = level;
    node.textContent = words;
  }
  for (const [action, field] of Object.entries(TOGGLES)) {
    const button = document.querySelector(`button[data-do="${action}"]`);
    button.textContent = stage[field] ? button.dataset.on : button.dataset.off;
    button.dataset.state = stage[field] ? 'on' : 'off';
  }
  showReplay(stage.replay);
}

/** Where a recording is; the demo's own buttons have nothing to do then. */
function showReplay(replay) {
  document.body.classList.toggle('replaying', replay !== null);
  document.querySelector('.replay').hidden = replay === null;
  if (replay === null) return;
  at('claim').textContent = 'What happened then, once more: the real resource, three simulated players.';
  const clock = (ms) => new Date(ms).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
  at('replay-name').textContent = `Replay of ${replay.name}`;
  at('replay-at').textContent = replay.of ? clock(replay.at) : 'nothing recorded';
  at('replay-count').textContent = `event ${replay.played} of ${replay.of}`;
  at('replay-bar').value = replay.of ? replay.played / replay.of : 1;
  for (const button of all('.speeds button')) {
    const name = button.dataset.do;
    if (name === 'pause') button.textContent = replay.paused ? 'Go on' : 'Pause';
    else button.setAttribute('aria-pressed', String(name === `x${replay.speed}`));
  }
}

async function perform(action, text = '') {
  const answer = await fetch(`/do/${action}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text }),
  }).catch(() => null);
  if (answer === null) toast('The demo has ended: start it again with `cad-bridge demo`.');
  else if (!answer.ok) toast(await answer.text());
}

for (const button of all('button[data-do]')) {
  button.addEventListener('click', async () => {
    button.disabled = true;
    await perform(button.dataset.do);
    button.disabled = false;
    if (!players.some((one) => one.screen?.focus)) button.focus({ preventScroll: true });
  });
}

at('text').form.addEventListener('submit', (event) => {
  event.preventDefault();
  perform('type911', at('text').value);
  at('text').value = '';
});

// The responder's key works where nothing else takes keys.
window.addEventListener('keydown', (event) => {
  if (event.key !== 'j' && event.key !== 'J') return;
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input')) return;
  perform('respond');
});

let fading = 0;
function toast(text) {
  clearTimeout(fading);
  at('toast').textContent = text.trim();
  at('toast').hidden = false;
  fading = setTimeout(() => { at('toast').hidden = true; }, 6000);
}

for (const button of all('[data-enlarge]')) {
  const mine = players.find((one) => one.root.contains(button));
  button.addEventListener('click', () => enlarge(mine, !mine.root.classList.contains('large')));
}

// ---- the log

/** Who has scrolled up reads: the newest line is not pushed under his eyes. */
let follows = true;
at('log').addEventListener('scroll', () => {
  const log = at('log');
  follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
});

function follow() {
  if (follows) at('log').scrollTop = at('log').scrollHeight;
}

function showLog(lines) {
  keep(at('log'), lines, (row) => {
    const node = el('li', row.kind);
    node.append(el('time', '', row.at), el('span', '', row.text));
    return node;
  });
  follow();
}

// ---- live

function resize() {
  for (const one of players) {
    one.frame.fit(one.root.classList.contains('large'));
    draw(one.scene, one.role);
  }
  fly(VIEWS[state.view]);
  showInset();
  follow();
}

function listen() {
  const source = new EventSource('/live');
  const on = (name, handler) => source.addEventListener(name, (event) => handler(JSON.parse(event.data)));
  on('nui', ({ player, message }) => players.find((one) => one.player === player)?.frame.post(message));
  on('stage', showStage);
  on('screens', showScreens);
  on('hops', showHops);
  on('log', showLog);
  on('reload', () => players.forEach((one) => one.frame.load()));
  source.addEventListener('open', () => document.body.classList.remove('ended'));
  source.addEventListener('error', () => {
    document.body.classList.add('ended');
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

new ResizeObserver(resize).observe(at('stage'));
document.fonts.ready.then(resize);
listen();
