/** What lies behind a player's screen: his part of the city at night, drawn once, the same each time. */

const LOOKS = {
  responder: { seed: 7, sky: ['#0a1326', '#1a2c4d', '#3d4a6b'], glow: '#6f7fb4', far: '#16213b', near: '#0c1322', ground: ['#121a29', '#0a0f19'], lamp: '#8fb4ff' },
  caller: { seed: 23, sky: ['#1a1026', '#47243f', '#a3523f'], glow: '#e08a55', far: '#2a1b30', near: '#170f1d', ground: ['#2b1d25', '#130d13'], lamp: '#ffc073' },
  bystander: { seed: 41, sky: ['#08161d', '#103640', '#2f6e6c'], glow: '#5fb3a3', far: '#10292f', near: '#0a1a1f', ground: ['#0f2126', '#091418'], lamp: '#a8f0dc' },
};

/** Numbers that look thrown and are always the same. */
function dice(seed) {
  let state = seed * 2654435761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function sky(c, w, horizon, look, throwDice) {
  const fill = c.createLinearGradient(0, 0, 0, horizon);
  look.sky.forEach((colour, i) => fill.addColorStop(i / (look.sky.length - 1), colour));
  c.fillStyle = fill;
  c.fillRect(0, 0, w, horizon + 1);
  c.fillStyle = '#fff';
  for (let i = 0; i < 70; i += 1) {
    c.globalAlpha = 0.15 + throwDice() * 0.45;
    c.fillRect(throwDice() * w, throwDice() ** 1.6 * horizon * 0.8, 1.4, 1.4);
  }
  c.globalAlpha = 1;
}

function towers(c, w, horizon, colour, lamp, { count, low, high, lit }, throwDice) {
  const peak = w * (0.3 + throwDice() * 0.4);
  for (let i = 0; i < count; i += 1) {
    const width = (w / count) * (0.7 + throwDice() * 0.9);
    const left = (i / count) * w - width * 0.2;
    const near = Math.exp(-(((left - peak) / (w * 0.26)) ** 2));
    const height = horizon * (low + (high - low) * (0.25 + 0.75 * near) * (0.45 + throwDice() * 0.55));
    c.fillStyle = colour;
    c.fillRect(left, horizon - height, width, height + 2);
    if (throwDice() > 0.75) c.fillRect(left + width * 0.45, horizon - height - height * 0.14, width * 0.06, height * 0.14);
    c.fillStyle = lamp;
    const size = Math.max(1.5, w / 420);
    for (let x = left + size * 2; x < left + width - size * 2; x += size * 3) {
      for (let y = horizon - height + size * 3; y < horizon - size * 4; y += size * 4) {
        if (throwDice() > lit) continue;
        c.globalAlpha = 0.18 + throwDice() * 0.5;
        c.fillRect(x, y, size, size * 1.5);
      }
    }
    c.globalAlpha = 1;
  }
}

function street(c, w, h, horizon, look) {
  const fill = c.createLinearGradient(0, horizon, 0, h);
  fill.addColorStop(0, look.ground[0]);
  fill.addColorStop(1, look.ground[1]);
  c.fillStyle = fill;
  c.fillRect(0, horizon, w, h - horizon);
  const centre = w * 0.46;
  const lane = (spread, alpha, dashed) => {
    c.strokeStyle = look.lamp;
    c.globalAlpha = alpha;
    c.lineWidth = w / 300;
    c.setLineDash(dashed ? [h * 0.03, h * 0.035] : []);
    c.beginPath();
    c.moveTo(centre + spread * w * 0.004, horizon);
    c.lineTo(centre + spread * w * 0.55, h);
    c.stroke();
  };
  lane(-1, 0.28, false);
  lane(1, 0.28, false);
  lane(-0.04, 0.4, true);
  c.globalAlpha = 1;
  c.setLineDash([]);
}

function halo(c, x, y, radius, colour, alpha) {
  const fill = c.createRadialGradient(x, y, 0, x, y, radius);
  fill.addColorStop(0, colour);
  fill.addColorStop(1, 'transparent');
  c.globalAlpha = alpha;
  c.fillStyle = fill;
  c.fillRect(x - radius, y - radius, radius * 2, radius * 2);
  c.globalAlpha = 1;
}

const FRONT = {
  /** The bonnet of a patrol car, and its lights on the street. */
  responder(c, w, h) {
    halo(c, w * 0.3, h * 0.86, w * 0.3, '#ff2f45', 0.34);
    halo(c, w * 0.68, h * 0.86, w * 0.32, '#2f6bff', 0.42);
    c.fillStyle = '#05080e';
    c.beginPath();
    c.moveTo(0, h);
    c.lineTo(w * 0.06, h * 0.93);
    c.bezierCurveTo(w * 0.26, h * 0.845, w * 0.66, h * 0.845, w * 0.86, h * 0.93);
    c.lineTo(w * 0.92, h);
    c.fill();
    c.strokeStyle = 'rgba(150, 180, 255, 0.3)';
    c.lineWidth = w / 400;
    c.stroke();
  },
  /** A street lamp over two cars that met. */
  caller(c, w, h) {
    halo(c, w * 0.2, h * 0.42, w * 0.2, '#ffb866', 0.4);
    c.fillStyle = '#0d080e';
    c.fillRect(w * 0.145, h * 0.4, w * 0.009, h * 0.55);
    c.fillRect(w * 0.145, h * 0.4, w * 0.06, h * 0.014);
    const car = (x, y, scale, turn, side) => {
      c.save();
      c.translate(x, y);
      c.rotate(turn);
      c.scale(scale * side, scale);
      const fill = c.createLinearGradient(0, -36, 0, 14);
      fill.addColorStop(0, '#5b3a3c');
      fill.addColorStop(1, '#150d14');
      c.fillStyle = fill;
      c.beginPath();
      c.moveTo(-62, 8);
      c.bezierCurveTo(-64, -8, -52, -11, -38, -13);
      c.bezierCurveTo(-24, -35, 18, -36, 32, -14);
      c.bezierCurveTo(52, -11, 64, -8, 63, 8);
      c.closePath();
      c.fill();
      c.fillStyle = '#0b070c';
      c.beginPath();
      c.moveTo(-28, -14);
      c.bezierCurveTo(-18, -29, 12, -30, 23, -14);
      c.closePath();
      c.fill();
      for (const wheel of [-36, 37]) {
        c.beginPath();
        c.arc(wheel, 8, 11, 0, 7);
        c.fill();
      }
      c.restore();
    };
    halo(c, w * 0.62, h * 0.9, w * 0.24, '#ff7a45', 0.34);
    car(w * 0.5, h * 0.88, w / 600, 0.03, 1);
    car(w * 0.72, h * 0.87, w / 620, 2.9, -1);
    halo(c, w * 0.405, h * 0.875, w * 0.035, '#ff4a3a', 0.9);
  },
  /** The pier and the sea. */
  bystander(c, w, h) {
    halo(c, w * 0.74, h * 0.2, w * 0.16, '#d9fff4', 0.3);
    c.fillStyle = '#d9f5ec';
    c.beginPath();
    c.arc(w * 0.74, h * 0.2, w * 0.026, 0, 7);
    c.fill();
    c.fillStyle = '#06100f';
    c.fillRect(0, h * 0.86, w, h * 0.012);
    for (let x = 0; x < w; x += w * 0.055) c.fillRect(x, h * 0.86, w * 0.006, h * 0.14);
    c.fillRect(0, h * 0.94, w, h * 0.06);
  },
};

/** Draws a player's scene over the whole canvas. */
export function draw(canvas, role) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const w = Math.round(canvas.clientWidth * ratio);
  const h = Math.round(canvas.clientHeight * ratio);
  if (w === 0 || (canvas.width === w && canvas.height === h)) return;
  canvas.width = w;
  canvas.height = h;
  const look = LOOKS[role];
  const throwDice = dice(look.seed);
  const c = canvas.getContext('2d');
  const horizon = h * 0.66;
  sky(c, w, horizon, look, throwDice);
  halo(c, w * 0.5, horizon, w * 0.55, look.glow, 0.5);
  towers(c, w, horizon, look.far, look.lamp, { count: 26, low: 0.06, high: 0.62, lit: 0.1 }, throwDice);
  towers(c, w, horizon, look.near, look.lamp, { count: 15, low: 0.05, high: 0.36, lit: 0.13 }, throwDice);
  street(c, w, h, horizon, look);
  FRONT[role](c, w, h);
}
