'use strict';

/**
 * The stack: which cards are up, in which order, and where on the screen. Four are shown, fewer where
 * the screen is low, the first two in full; what is beyond is a number that says how many of them are
 * emergencies. The card that the key would respond to is always among them.
 */
const stack = (() => {
  const { on, post, element, write, word, text } = cadbridge;

  const SHOWN = 4;
  const FULL = 2;
  const RANK = { panic: 0, assigned: 1, emergency: 2 };

  /** Milliseconds of a card's leaving and of a line's staying. */
  const LEAVE = 180;
  const NOTICE = 7000;

  /** Notices at once; an older one makes room. */
  const NOTICES = 3;

  const root = document.getElementById('stack');
  const more = element('div', 'more', root);
  more.hidden = true;
  const cards = new Map(); // key -> card
  const notices = new Set();
  let tickets = [];
  let painting = false;
  let order = 0;
  let target = '';
  let fitting = false;
  let ticking = 0;
  let moving = true;
  let glance = true;

  /** Tells the client, once the browser has painted, which pictures are on the screen. */
  function confirm(ticket) {
    if (!Number.isFinite(ticket)) return;
    tickets.push(ticket);
    if (painting) return;
    painting = true;
    // The first frame is the one that is being made; in the second it has been shown.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      post('painted', { tickets });
      tickets = [];
      painting = false;
    }));
  }

  function tick() {
    const now = performance.now();
    for (const card of cards.values()) card.tick(now);
    if (cards.size > 0) return;
    clearInterval(ticking);
    ticking = 0;
  }

  function rank(card) {
    return RANK[card.class] ?? 3;
  }

  function arranged() {
    return [...cards.values()].sort((a, b) => rank(a) - rank(b) || b.order - a.order);
  }

  /** Moves what a change has displaced from where it was, so that the eye can follow. */
  function glide(before) {
    for (const [node, top] of before) {
      if (!node.isConnected) continue;
      const by = top - node.getBoundingClientRect().top;
      if (Math.abs(by) > 1) node.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], { duration: 180, easing: 'ease-out' });
    }
  }

  /** The cards that are to be seen, at most so many, the target among them. */
  function chosen(wanted, most) {
    const seen = wanted.slice(0, most);
    const aim = cards.get(target);
    if (aim && !seen.includes(aim)) seen[seen.length - 1] = aim;
    return seen;
  }

  function lay(wanted, most) {
    const seen = chosen(wanted, most);
    const aim = cards.get(target);
    wanted.forEach((card, index) => {
      const place = seen.indexOf(card);
      card.root.hidden = place < 0;
      card.root.classList.toggle('brief', place >= FULL && card !== aim);
      card.root.classList.toggle('target', card === aim);
      card.root.style.order = String(index + 1);
    });
    const rest = wanted.filter((card) => !seen.includes(card));
    more.hidden = rest.length === 0;
    if (rest.length === 0) return;
    const emergencies = rest.filter((card) => card.class === 'emergency').length;
    write(more, word(emergencies > 0 ? 'card.moreEmergencies' : 'card.more', { count: rest.length, emergencies }));
  }

  /** By where things lie, not by where a movement shows them just now. */
  function overflows() {
    const room = root.clientHeight + 1;
    return [...root.children].some((node) => node.offsetTop + node.offsetHeight > room);
  }

  /** Lays the stack out anew; what `change` does to it is seen as one movement. */
  function arrange(change) {
    const before = moving
      ? [...root.children].filter((node) => !node.hidden).map((node) => [node, node.getBoundingClientRect().top])
      : [];
    if (change) change();
    const wanted = arranged();
    let most = Math.min(SHOWN, Math.max(1, wanted.length));
    lay(wanted, most);
    while (most > 1 && overflows()) lay(wanted, most -= 1);
    glide(before);
  }

  // A card that has grown may have pushed the last one off the screen. The browser says so when it has
  // laid the page out anyway; what follows is for the next frame, or it would lay it out twice.
  const growth = new ResizeObserver(() => {
    if (fitting || !overflows()) return;
    fitting = true;
    requestAnimationFrame(() => {
      fitting = false;
      arrange();
    });
  });

  function show(data) {
    const key = text(data.key);
    if (!key) return null;
    let card = cards.get(key);
    if (card) {
      const before = rank(card);
      card.update(data);
      if (rank(card) !== before) arrange();
    } else {
      card = makeCard(data);
      card.order = order += 1;
      cards.set(key, card);
      root.append(card.root);
      growth.observe(card.root);
      card.root.classList.add('enter');
      arrange();
    }
    if (!ticking) ticking = setInterval(tick, 1000);
    confirm(data.ticket);
    return card.root;
  }

  function clear(data) {
    const card = cards.get(text(data.key));
    if (!card) return;
    cards.delete(text(data.key));
    growth.unobserve(card.root);
    leave(card.root);
  }

  /** Only what has gone makes room. */
  function leave(node) {
    const go = () => arrange(() => node.remove());
    if (!moving || node.hidden) {
      go();
      return;
    }
    node.classList.add('leave');
    setTimeout(go, LEAVE);
  }

  function rename(data) {
    const card = cards.get(text(data.old));
    const key = text(data.new);
    if (!card || !key || cards.has(key)) return;
    cards.delete(text(data.old));
    cards.set(key, card);
  }

  function notice(data) {
    const node = element('div', 'notice', root);
    node.dataset.kind = ['good', 'bad'].includes(data.kind) ? data.kind : 'info';
    const line = element('span', 'line', node);
    line.dir = 'auto';
    line.textContent = text(data.text);
    const end = () => {
      notices.delete(end);
      clearTimeout(timer);
      leave(node);
    };
    const timer = setTimeout(end, NOTICE);
    notices.add(end);
    if (notices.size > NOTICES) [...notices][0]();
    arrange();
    confirm(data.ticket);
  }

  function where(data) {
    compass.setHere(data);
    for (const card of cards.values()) card.aim();
    const { classList } = document.body;
    classList.toggle('paused', data.paused === true);
    const fast = glance && data.fast === true;
    if (classList.contains('glance') !== fast) arrange(() => classList.toggle('glance', fast));
  }

  function move(data) {
    const card = cards.get(text(data.key));
    if (!card || !cadbridge.isObject(data.position)) return;
    card.position = data.position;
    card.aim();
  }

  /** Where the stack stands: one of the places, or free at a share of the screen. */
  function place(preferences) {
    root.dataset.place = text(preferences.place);
    root.dataset.size = text(preferences.size);
    document.body.dataset.wide = text(preferences.wide);
    moving = preferences.motion === true && !matchMedia('(prefers-reduced-motion: reduce)').matches;
    document.body.classList.toggle('still', !moving);
    glance = preferences.glance === true;
    if (!glance) document.body.classList.remove('glance');
    const y = Number.isFinite(preferences.y) ? preferences.y : 0.1;
    root.style.setProperty('--x', Number.isFinite(preferences.x) ? preferences.x : 0.5);
    root.style.setProperty('--y', y);
    root.classList.toggle('low', y > 0.5); // grows upwards from there
    arrange();
  }

  on('show', show);
  on('clear', clear);
  on('rename', rename);
  on('notice', notice);
  on('where', where);
  on('move', move);
  on('target', (data) => {
    target = text(data.key);
    arrange();
  });
  on('preferences', place);
  on('view', (data) => {
    compass.setMetric(data.metric);
    const safe = Number.isFinite(data.safe) ? Math.min(1, Math.max(0.8, data.safe)) : 1;
    document.documentElement.style.setProperty('--safe', (1 - safe) / 2);
  });

  window.addEventListener('resize', () => arrange());

  return Object.freeze({ root, show, clear, place });
})();
