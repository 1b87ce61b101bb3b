/** The map and the small radars: land, roads, players, and each player's blips as his game has them. */

import { CITY, COAST, LAKE, PLACES, ROADS } from './coast.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The game's palette, as far as the resource uses it. */
const COLOURS = {
  0: '#fefefe', 1: '#e03232', 2: '#71cb71', 3: '#5db6e5', 5: '#eec64e', 17: '#ff9a2e', 27: '#a76fd8', 38: '#2d6eb9', 47: '#f0a000',
};

/** Views: the middle and what must be seen around it, metres. */
export const VIEWS = {
  city: { x: -180, y: -980, w: 5000, h: 5000 },
  island: { x: 330, y: 1780, w: 8700, h: 11400 },
};

const GLYPHS = {
  /** A telephone, for calls. */
  480: 'M-4.2-6.2-2.4-7.4.1-4.2-1.6-2.3a9 9 0 0 0 3.9 3.9L4.2-.1 7.4 2.4 6.2 4.2C5 6-1.1 3.6-3.3 1.4S-6-5-4.2-6.2Z',
  /** A cry for help. */
  526: 'M-1.6-7.2h3.2l-.5 8.6h-2.2zM0 3.4a2 2 0 1 1 0 4 2 2 0 0 1 0-4z',
};

export function colourOf(number) {
  if (number > 255) return `#${(number >>> 8).toString(16).padStart(6, '0')}`;
  return COLOURS[number] ?? COLOURS[0];
}

export function make(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A closed line through points, without corners. */
function rounded(points) {
  const at = (i) => points[(i + points.length) % points.length];
  const parts = [`M${points[0][0]} ${-points[0][1]}`];
  points.forEach((point, i) => {
    const [before, next, after] = [at(i - 1), at(i + 1), at(i + 2)];
    const first = [point[0] + (next[0] - before[0]) / 6, point[1] + (next[1] - before[1]) / 6];
    const second = [next[0] - (after[0] - point[0]) / 6, next[1] - (after[1] - point[1]) / 6];
    parts.push(`C${first[0]} ${-first[1]} ${second[0]} ${-second[1]} ${next[0]} ${-next[1]}`);
  });
  return `${parts.join('')}Z`;
}

function line(points) {
  return `M${points.map(([x, y]) => `${x} ${-y}`).join('L')}`;
}

const SHAPES = { coast: rounded(COAST), lake: rounded(LAKE), city: rounded(CITY) };
/** What covers what, the lowest first. */
const LAYERS = ['area', 'route', 'player', 'blip'];
let charts = 0;

/** One drawing of the map, which looks at a part of it. */
export class Chart {
  constructor(svg, { places = false, arrows = true } = {}) {
    charts += 1;
    this.svg = svg;
    this.arrows = arrows;
    this.view = null;
    const grid = `streets-${charts}`;
    const pattern = make('pattern', { id: grid, width: 130, height: 104, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(4)' },
      make('path', { d: 'M0 0H130M0 0V104', class: 'street' }));
    this.labels = make('g', { class: 'places' });
    this.over = make('g', {});
    this.layers = Object.fromEntries(LAYERS.map((kind) => [kind, make('g', {})]));
    this.over.append(...Object.values(this.layers));
    svg.append(
      make('defs', {}, pattern),
      make('path', { d: SHAPES.coast, class: 'shelf' }),
      make('path', { d: SHAPES.coast, class: 'land' }),
      make('path', { d: SHAPES.city, class: 'city' }),
      make('path', { d: SHAPES.city, fill: `url(#${grid})` }),
      make('path', { d: SHAPES.lake, class: 'lake' }),
      ...ROADS.map((road) => make('path', { d: line(road), class: 'road' })),
      this.labels, this.over,
    );
    this.places = places ? PLACES : [];
    this.nodes = new Map();
  }

  /** Looks at a part of the map; what the drawing's shape leaves over is seen too. */
  look(view) {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (width === 0) return;
    this.unit = Math.max(view.w / width, view.h / height);
    this.width = width * this.unit;
    this.height = height * this.unit;
    this.left = view.x - this.width / 2;
    this.top = -view.y - this.height / 2;
    this.view = view;
    this.svg.setAttribute('viewBox', `${this.left} ${this.top} ${this.width} ${this.height}`);
    this.label();
  }

  label() {
    this.labels.replaceChildren(...this.places.filter((place) => place[3] || this.unit < 16).map(([name, x, y]) => {
      const text = make('text', { x, y: -y, 'font-size': 11 * this.unit });
      text.textContent = name;
      return text;
    }));
  }

  /** Keeps one node for each thing that is shown, so that animations run on. */
  draw(things) {
    const kept = new Set();
    for (const thing of things) {
      let node = this.nodes.get(thing.id);
      if (node === undefined || node.kind !== thing.kind) {
        node?.root.remove();
        node = { kind: thing.kind, root: make('g', { class: thing.kind }) };
        this.nodes.set(thing.id, node);
        this.layers[thing.kind].append(node.root);
      }
      kept.add(thing.id);
      this[thing.kind](node, thing);
    }
    for (const [id, node] of this.nodes) {
      if (kept.has(id)) continue;
      node.root.remove();
      this.nodes.delete(id);
    }
  }

  put(root, x, y, scale, turn = 0) {
    root.setAttribute('transform', `translate(${x} ${-y}) scale(${this.unit * scale}) rotate(${turn})`);
  }

  player(node, { at, heading, role }) {
    if (!node.filled) {
      node.filled = true;
      node.root.append(make('path', { d: 'M0-9 6.5 8 0 4.4-6.5 8Z', class: `arrow ${role}` }));
    }
    this.put(node.root, at[0], at[1], this.arrows ? 1 : 0.8, -heading);
  }

  blip(node, { blip, edge }) {
    const colour = colourOf(blip.colour);
    if (node.sprite !== blip.sprite) {
      node.sprite = blip.sprite;
      node.disc = make('circle', { r: 11.5 });
      node.glyph = make('path', { d: GLYPHS[blip.sprite] ?? 'M0-5 5 0 0 5-5 0Z', class: 'glyph' });
      node.title = make('title', {});
      node.root.replaceChildren(node.title, node.disc, node.glyph);
    }
    node.title.textContent = blip.name;
    node.disc.setAttribute('fill', colour);
    node.root.style.opacity = blip.alpha / 255;
    node.root.classList.toggle('flashing', blip.flash > 0);
    node.root.style.animationDuration = `${Math.max(300, blip.flash * 2)}ms`;
    const [x, y] = edge ? this.clamp(blip.at) : blip.at;
    this.put(node.root, x, y, blip.scale * (this.arrows ? 1 : 0.72));
  }

  area(node, { blip }) {
    if (!node.disc) {
      node.disc = make('circle', {});
      node.root.append(node.disc);
    }
    node.disc.setAttribute('r', blip.radius);
    node.disc.setAttribute('fill', colourOf(blip.colour));
    node.root.style.opacity = blip.alpha / 255;
    node.root.setAttribute('transform', `translate(${blip.at[0]} ${-blip.at[1]})`);
  }

  /** The way to a call: the streets are not drawn, so it goes as a city's streets would. */
  route(node, { from, to, colour }) {
    if (!node.path) {
      node.path = make('path', { class: 'route' });
      node.root.append(node.path);
    }
    const middle = (from[1] + to[1]) / 2;
    const way = [from, [from[0], middle], [to[0], middle], to];
    node.path.setAttribute('d', line(way));
    node.path.setAttribute('stroke', colourOf(colour));
  }

  /** The nearest point within the drawing, for what lies beyond its edge. */
  clamp([x, y]) {
    const margin = 11 * this.unit;
    return [
      Math.min(Math.max(x, this.left + margin), this.left + this.width - margin),
      -Math.min(Math.max(-y, this.top + margin), this.top + this.height - margin),
    ];
  }
}

/** What is to be drawn of a player's map; `others` are the players whose arrows stand on it too. */
export function things(screen, me, others, { edge = false } = {}) {
  const list = [];
  for (const blip of screen.blips) {
    if (blip.kind === 'radius') list.push({ id: `a${blip.id}`, kind: 'area', blip });
    if (blip.route !== null) list.push({ id: 'route', kind: 'route', from: screen.at, to: blip.at, colour: blip.route });
  }
  for (const other of others) list.push({ id: `p${other.player}`, kind: 'player', at: other.screen.at, heading: other.screen.heading, role: other.role });
  for (const blip of screen.blips) if (blip.kind !== 'radius') list.push({ id: `b${blip.id}`, kind: 'blip', blip, edge });
  if (me) list.push({ id: 'me', kind: 'player', at: screen.at, heading: screen.heading, role: me.role });
  return list;
}
