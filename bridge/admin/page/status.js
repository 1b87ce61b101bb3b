// The status page. Everything that comes from the bridge is set as text, never as markup.
'use strict';

(() => {
  const STAGES = {
    push: 'Push received',
    journal: 'Stored',
    gateway: 'Sent to the game',
    acknowledged: 'Handled in the game',
    painted: 'On the screens',
  };
  const STAGE_OF = {
    hub_refused: 'push', hub_down: 'push', listener_down: 'push', only_wrong_keys: 'push',
    not_ready: 'push', journal_unavailable: 'journal', resource_never_connected: 'gateway',
    resource_lost: 'gateway', resource_behind: 'acknowledged', alert_for_nobody: 'painted',
    alert_not_painted: 'painted',
  };
  const SIGNS = {
    ok: 'M6 12.5l4 4 8-9', warn: 'M12 6.5v7M12 17.4v.2', fail: 'M7.5 7.5l9 9M16.5 7.5l-9 9',
    info: 'M12 11v6.5M12 6.7v.2', wait: 'M12 6.5V12l3.5 2.2',
  };
  const SILENCE_MS = 40000; // the bridge says something every 15 s
  const SVG = 'http://www.w3.org/2000/svg';

  const state = { status: null, calls: null, clock: 0, heard: 0, asked: 0, lost: false };
  const at = (id) => document.getElementById(id);
  const whole = new Intl.NumberFormat();

  // ---- building blocks

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== '').map(plain));
    return node;
  }

  // signs that turn the direction of a text are shown, not obeyed
  const plain = (child) => (typeof child === 'string'
    ? child.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : child);

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function sign(level) {
    return svg('svg', { class: 'sign', viewBox: '0 0 24 24', 'aria-hidden': 'true' },
      svg('path', { d: SIGNS[level] }));
  }

  const now = () => Date.now() + state.clock;

  function span(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
  }

  const ago = (ms) => (now() - ms < 1500 ? 'just now' : `${span(now() - ms)} ago`);
  const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
  const clockTime = (ms) => clockFormat.format(ms - state.clock);

  function when(ms, words = ago, kind = 'ago') {
    const date = new Date(ms);
    return el('time', { datetime: date.toISOString(), title: date.toLocaleString(), 'data-ms': ms, 'data-words': kind }, words(ms));
  }

  function bytes(n) {
    const unit = n >= 2 ** 30 ? [2 ** 30, 'GiB'] : n >= 2 ** 20 ? [2 ** 20, 'MiB'] : [2 ** 10, 'KiB'];
    return `${(n / unit[0]).toFixed(n / unit[0] < 10 ? 1 : 0)} ${unit[1]}`;
  }

  const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`);
  const many = (n, one, more) => `${whole.format(n)} ${n === 1 ? one : more || `${one}s`}`;
  const callName = (key) => String(key).replace(':', ' #');
  const serverName = (server) => server.name || `Server ${server.id}`;

  // ---- the verdict

  function verdict(status) {
    const worst = ['fail', 'warn', 'info'].find((l) => status.problems.some((p) => p.level === l));
    const count = status.problems.filter((p) => p.level === worst).length;
    if (worst === 'fail') {
      const broken = new Set(status.problems.filter((p) => p.level === 'fail').map((p) => p.server));
      const names = status.servers.filter((s) => broken.has(s.id)).map(serverName);
      const all = broken.has(null) || names.length === status.servers.length;
      return ['fail', all ? 'Alerts do not get through' : `Alerts do not reach ${names.join(', ')}`,
        'Each broken place, and what to do:'];
    }
    if (worst === 'warn') return ['warn', `Working, with ${count === 1 ? 'a warning' : `${count} warnings`}`, ''];
    if (worst === 'info') return ['info', 'Ready, and waiting for a call', ''];
    const painted = Math.max(0, ...status.servers.map((s) => s.stages.painted || 0));
    return ['ok', 'Alerts get through', painted ? ['The last one was on a screen ', when(painted), '.'] : ''];
  }

  function showVerdict(level, headline, subline) {
    at('verdict').dataset.level = level;
    at('sign').setAttribute('d', SIGNS[level]);
    at('headline').textContent = headline;
    at('subline').replaceChildren(...[subline].flat());
    document.title = `${{ ok: '✓', info: '✓', warn: '!', fail: '✕', wait: '…' }[level]} ${headline} · cad-bridge`;
  }

  function showProblems(problems) {
    at('problems').replaceChildren(...problems.map((problem) => el('li', { 'data-level': problem.level },
      sign(problem.level),
      el('div', {},
        el('strong', {}, problem.what),
        el('p', {}, ...marked(problem.next)),
      ),
      el('code', { class: 'muted' }, problem.code),
    )));
  }

  // `commands` between backticks stand out; everything stays text
  function marked(text) {
    return text.split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part));
  }

  // ---- a server: the way of a call, stage by stage

  function showServers(status) {
    at('servers').replaceChildren(...status.servers.map((server) => {
      const problems = status.problems.filter((p) => p.server === server.id || p.server === null);
      return el('section', { class: 'card server' },
        el('h2', {}, serverName(server), el('span', { class: 'count' }, `server ${server.id}`)),
        route(server, problems),
        el('div', { class: 'plots' },
          figures(server),
          pushesPlot(server),
          latencyPlot(server)),
      );
    }));
  }

  function route(server, problems) {
    let broken = false;
    const stops = Object.entries(STAGES).map(([stage, label]) => {
      const problem = problems.find((p) => STAGE_OF[p.code] === stage);
      const passed = server.stages[stage];
      const ready = !broken && (stage === 'push' || stage === 'journal' || (stage === 'gateway' && server.resource));
      const level = problem && problem.level !== 'info' ? problem.level : passed && !broken ? 'ok' : ready ? 'ready' : 'idle';
      broken = broken || level === 'fail';
      const reached = !broken && level !== 'idle';
      return el('li', { 'data-level': level, 'data-reached': reached },
        el('span', { class: 'stop' }, SIGNS[level] ? sign(level) : ''),
        el('b', {}, label),
        el('span', { class: 'passed' }, passed ? when(passed) : level === 'ready' ? 'ready' : 'nothing yet'),
        el('span', { class: 'muted' }, detail(stage, server)));
    });
    return el('ol', { class: 'route' }, ...stops);
  }

  function detail(stage, server) {
    const alert = server.lastAlert;
    const behind = server.last - server.acknowledged;
    const words = { up: '', connecting: 'connecting', refused: 'refused', down: 'down' };
    switch (stage) {
      case 'push':
        return server.ways.map((way) => [way.kind === 'hub' ? 'CAD hub' : way.detail || 'HTTP',
          words[way.state]].filter(Boolean).join(', ')).join(' · ');
      case 'journal': return server.last ? `event ${whole.format(server.last)}` : '';
      case 'gateway': return server.resource ? `resource ${server.resource.version}` : 'not connected';
      case 'acknowledged':
        return behind > 0 ? `${many(behind, 'event')} waiting` : server.acknowledged ? `event ${whole.format(server.acknowledged)}` : '';
      default:
        if (!alert) return '';
        return alert.due ? `${alert.shown} of ${alert.due} in ${seconds(alert.ms)}` : 'for nobody';
    }
  }

  function figures(server) {
    const refused = Object.entries(server.pushes)
      .filter(([outcome]) => !['ok', 'ignored', 'duplicate'].includes(outcome))
      .reduce((sum, [, n]) => sum + n, 0);
    const total = Object.values(server.pushes).reduce((sum, n) => sum + n, 0);
    const rows = [
      [whole.format(server.calls), server.calls === 1 ? 'open call' : 'open calls'],
      [whole.format(server.units), server.units === 1 ? 'unit on duty' : 'units on duty'],
      [whole.format(total), total === 1 ? 'push since start' : 'pushes since start'],
      [whole.format(refused), 'refused'],
    ];
    return el('dl', { class: 'figures' }, ...rows.map(([n, words]) =>
      el('div', { 'data-level': words === 'refused' && refused ? 'warn' : undefined },
        el('dd', {}, n), el('dt', {}, words))));
  }

  function plot(title, figure, drawing) {
    return el('figure', {}, el('figcaption', {}, el('span', {}, title), el('b', {}, figure)), drawing);
  }

  function pushesPlot(server) {
    const row = server.pushesPerMinute;
    const most = Math.max(...row, 4);
    const bars = row.map((n, i) => svg('rect', {
      x: i * 4, width: 3, rx: 0.8, class: n ? 'bar' : 'none',
      y: n ? 48 - Math.max(2, (n / most) * 46) : 47, height: n ? Math.max(2, (n / most) * 46) : 1,
    }));
    const sum = row.reduce((a, b) => a + b, 0);
    return plot('Pushes a minute, last hour', sum ? `${whole.format(sum)}, most ${Math.max(...row)}` : 'none',
      svg('svg', { viewBox: '0 0 239 48', preserveAspectRatio: 'none', role: 'img',
        'aria-label': `${sum} pushes in the last hour` }, ...bars));
  }

  // one dot an alert, the newest at the right; upwards from 100 ms to 10 s, 1 s in the middle
  function latencyPlot(server) {
    const list = server.latencies;
    const height = (ms) => 45 - Math.min(1, Math.max(0, (Math.log10(Math.max(ms, 1)) - 2) / 2)) * 42;
    // a line of no length with round ends stays round however the drawing is stretched
    const dots = list.map((dot, i) => svg('path', {
      d: `M${236 - (list.length - 1 - i) * 4} ${height(dot.ms)}h0`, class: dot.ms > 5000 ? 'dot slow' : 'dot',
    }));
    const sorted = list.map((dot) => dot.ms).sort((x, y) => x - y);
    const words = sorted.length
      ? `half in ${seconds(sorted[Math.floor(sorted.length / 2)])}, worst ${seconds(sorted[sorted.length - 1])}` : 'no alert yet';
    return plot('From push to last screen', words, el('div', { class: 'scale' },
      svg('svg', { viewBox: '0 0 239 48', preserveAspectRatio: 'none', role: 'img', 'aria-label': words },
        svg('path', { d: 'M0 24h239', class: 'guide' }), ...dots),
      el('span', {}, '1 s')));
  }

  // ---- calls and their receipts

  function showCalls(servers) {
    const several = servers.length > 1;
    const open = servers.flatMap((server) => server.calls.map((call) => ({ server, call })));
    open.sort((a, b) => b.call.openedAt - a.call.openedAt);
    const keys = new Set(open.map(({ server, call }) => `${server.id} ${call.key}`));
    const ended = [];
    for (const server of servers) {
      for (const receipt of server.receipts) {
        const key = `${server.id} ${receipt.key}`;
        if (!keys.has(key) && ended.length < 10) { keys.add(key); ended.push({ server, receipt }); }
      }
    }
    ended.sort((a, b) => b.receipt.at - a.receipt.at);
    at('calls-count').textContent = many(open.length, 'open', 'open');
    at('calls').replaceChildren(
      ...open.map(({ server, call }) => openCall(server, call, several)),
      ...(ended.length ? [el('h3', {}, 'Closed, with the last receipt')] : []),
      ...ended.map(({ server, receipt }) => el('article', { class: 'ended' },
        el('b', {}, callName(receipt.key)),
        el('span', { class: 'muted' }, several ? `${serverName(server)} · ` : '', when(receipt.at)),
        receiptBar(receipt))),
    );
    if (!open.length && !ended.length) at('calls').append(el('p', { class: 'empty' }, 'No call is open.'));
  }

  function openCall(server, call, several) {
    const receipt = server.receipts.find((r) => r.key === call.key);
    const kind = call.kind === '911' ? (call.emergency ? 'emergency' : 'civil') : call.kind;
    const who = [call.caller, (call.units || []).length ? many(call.units.length, 'unit') : ''].filter(Boolean).join(' · ');
    return el('article', { class: 'call', 'data-kind': kind },
      el('div', { class: 'name' },
        el('b', {}, callName(call.key)),
        el('span', { class: 'muted' }, several ? `${serverName(server)} · ` : '', `${kind} · `, when(call.openedAt))),
      el('div', { class: 'text' },
        el('b', {}, call.location || call.title || 'no place given'),
        el('span', {}, call.description || call.title || ''),
        el('span', { class: 'muted' }, who)),
      receipt ? receiptBar(receipt) : el('div', { class: 'receipt muted' }, 'stored, no receipt'));
  }

  function receiptBar(receipt) {
    const level = receipt.due === 0 ? 'warn' : receipt.shown < receipt.sent ? 'warn' : 'ok';
    const screens = receipt.due
      ? `on ${receipt.shown} of ${many(receipt.due, 'screen')}${receipt.shown ? ` in ${seconds(receipt.ms)}` : ''}`
      : 'for nobody';
    const why = Object.entries(receipt.why || {}).map(([name, n]) => `${name} ${typeof n === 'object' ? JSON.stringify(n) : n}`).join(', ');
    const pips = Array.from({ length: Math.min(receipt.due, 16) }, (_, i) =>
      el('i', { class: i < Math.round((receipt.shown / receipt.due) * Math.min(receipt.due, 16)) ? 'on' : '' }));
    return el('div', { class: 'receipt', 'data-level': level },
      el('span', { class: 'pips', 'aria-hidden': 'true' }, ...pips),
      el('b', {}, screens),
      el('span', { class: 'muted' }, [`event ${whole.format(receipt.seq)}`,
        receipt.sent < receipt.due ? `sent to ${receipt.sent}` : '', why].filter(Boolean).join(' · ')));
  }

  // ---- rejected pushes and events

  function showRejected(list) {
    const open = new Set([...at('rejected').querySelectorAll('details[open]')].map((d) => d.dataset.number));
    at('rejected-card').hidden = !list.length;
    at('rejected-count').textContent = whole.format(list.length);
    at('rejected').replaceChildren(...list.map((push) => {
      const body = el('pre', {}, 'loading…');
      const details = el('details', { 'data-number': push.number },
        el('summary', {},
          el('b', {}, push.type || 'no type'),
          el('span', { class: 'reason' }, push.path ? el('code', {}, push.path) : '', ' ', push.reason),
          el('span', { class: 'muted' }, `server ${push.server} · ${push.way} · `, when(push.at))),
        body);
      details.addEventListener('toggle', () => { if (details.open) loadBody(push, body); });
      details.open = open.has(String(push.number));
      return details;
    }));
  }

  async function loadBody(push, node) {
    try {
      const answer = await fetch(`api/rejected?number=${push.number}`);
      const [found] = (await answer.json()).rejected;
      node.textContent = found ? found.body + (found.cut ? '\n… cut' : '') : 'no longer kept';
    } catch {
      node.textContent = 'could not be loaded';
    }
  }

  function showEvents(list) {
    const several = new Set(list.map((row) => row.server)).size > 1;
    at('events-count').textContent = many(list.length, 'event');
    at('events').replaceChildren(...list.map((row) => el('div', { class: 'event' },
      when(row.at, clockTime, 'clock'),
      el('span', { class: 'muted seq' }, several ? `${row.server}/` : '', String(row.seq)),
      el('code', {}, row.event.type),
      el('span', {}, summary(row.event)))));
    if (!list.length) at('events').append(el('p', { class: 'empty' }, 'Nothing has happened yet.'));
  }

  function summary(event) {
    const call = event.call;
    const unit = event.unit;
    const unitName = unit ? [unit.number, unit.name].filter(Boolean).join(' ') || `unit ${unit.ident}` : '';
    const list = (names) => (names && names.length ? names.join(', ') : '');
    switch (event.type) {
      case 'call.opened': return `${callName(call.key)} ${call.location || call.title || ''}`;
      case 'call.changed': return [callName(call.key), list(event.changed),
        event.attached.length ? `+ ${list(event.attached)}` : '', event.detached.length ? `− ${list(event.detached)}` : '']
        .filter(Boolean).join(' · ');
      case 'call.closed': return `${callName(call.key)} ${event.reason}`;
      case 'call.noted': return `${callName(call.key)} ${event.note.content || event.note.kind || ''}`;
      case 'unit.changed': return `${unitName} · ${list(event.changed)}`;
      case 'push': return event.push;
      default: return unitName || event.key || '';
    }
  }

  // ---- live

  function show(name, body) {
    state.heard = Date.now();
    if (name === 'status') {
      state.clock = body.now - Date.now();
      state.status = body;
      at('version').textContent = body.bridge;
      showVerdict(...verdict(body));
      showProblems(body.problems);
      showServers(body);
      const journal = body.journal;
      at('about').textContent = [`up ${span(now() - body.startedAt)}`,
        `${journal.kind} journal ${String(journal.epoch).slice(0, 8)}`,
        journal.kind === 'nats' ? `at ${journal.where}` : '',
        journal.size === null ? '' : `${bytes(journal.size)}${journal.maxSize ? ` of ${bytes(journal.maxSize)}` : ''}`,
        body.cad.plan ? `CAD plan ${body.cad.plan}` : '',
        body.cad.reconciledAt ? `read from the CAD at ${clockTime(body.cad.reconciledAt)}` : '',
      ].filter(Boolean).join(' · ');
    } else if (name === 'calls') {
      showCalls(body.servers);
    } else if (name === 'rejected') {
      showRejected(body.rejected);
    } else {
      showEvents(body.events);
    }
  }

  function lost() {
    if (state.lost) return;
    state.lost = true;
    at('live').dataset.state = 'lost';
    at('live').lastElementChild.textContent = 'no connection';
    document.body.classList.add('stale');
    const since = state.heard ? `What you see is of ${clockFormat.format(state.heard)}. ` : '';
    showVerdict('fail', 'The bridge does not answer', `${since}Is cad-bridge running? This page tries again by itself.`);
    at('problems').replaceChildren();
  }

  function back() {
    state.lost = false;
    at('live').dataset.state = 'live';
    at('live').lastElementChild.textContent = 'live';
    document.body.classList.remove('stale');
  }

  let source = null;

  function listen() {
    if (source) source.close();
    state.asked = Date.now();
    source = new EventSource('api/live');
    source.addEventListener('open', back);
    source.addEventListener('error', () => {
      lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000); // refused: no retry of its own
    });
    for (const name of ['status', 'calls', 'rejected', 'events']) {
      source.addEventListener(name, (message) => show(name, JSON.parse(message.data)));
    }
  }

  setInterval(() => {
    for (const node of document.querySelectorAll('time[data-words=ago]')) {
      node.textContent = ago(Number(node.dataset.ms));
    }
    if (Date.now() - Math.max(state.heard, state.asked) <= SILENCE_MS) return;
    lost();
    listen(); // a connection that died without a word never says so
  }, 1000);

  listen();
})();
