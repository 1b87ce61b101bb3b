/** The frames with the resource's own page: messages in, callbacks out, and a size to live in. */

/** Lines of the lowest monitor that people play on. */
const MONITOR = 720;

/** Lines that a small screen has at least: as many as let the card be read. */
const LINES = { responder: 450, caller: 220, bystander: 220 };

const ours = window.location.origin;

export class Frame {
  constructor(player, role, iframe) {
    this.player = player;
    this.role = role;
    this.iframe = iframe;
    this.focused = false;
    this.load();
  }

  /** Loads the page anew, as the game does when the resource starts. */
  load() {
    this.iframe.src = `/screen/${this.player}/index.html?${Date.now()}`;
  }

  post(message) {
    this.iframe.contentWindow?.postMessage(message, ours);
  }

  /** Gives the page at least so many lines, scaled to the place that there is. */
  fit(large) {
    const { clientWidth: width, clientHeight: height } = this.iframe.parentElement;
    if (height === 0) return;
    const scale = Math.min(1, height / (large ? MONITOR : LINES[this.role]));
    this.iframe.style.width = `${width / scale}px`;
    this.iframe.style.height = `${height / scale}px`;
    this.iframe.style.transform = `scale(${scale})`;
  }

  focus(on) {
    this.focused = on;
    this.iframe.classList.toggle('focused', on);
    if (on) this.iframe.focus();
    else if (document.activeElement === this.iframe) this.iframe.blur();
  }
}

/** Hands what the pages say to the demo, and the answer back. */
export function relay(frames) {
  window.addEventListener('message', async (event) => {
    if (event.origin !== ours) return;
    const frame = frames.find((one) => one.iframe.contentWindow === event.source);
    const { callback, body, id } = event.data;
    if (!frame || !/^\w+$/.test(callback) || typeof body !== 'string') return;
    try {
      const answer = await fetch(`/nui/${frame.player}/${callback}`, {
        method: 'POST', headers: { 'Content-Type': 'application/json' }, body,
      });
      frame.post({ answer: { id, status: answer.status, body: await answer.text() } });
    } catch {
      // The demo has ended: there is nobody to tell.
    }
  });
}
