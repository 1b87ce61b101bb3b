'use strict';

/**
 * What all parts of the page share: words, messages in, answers out, and how an element is made.
 *
 * Messages come as { action, data } from the game's own frame and from no other; each action has one
 * handler, and what a handler is given is still foreign text: it is set as text, never as markup.
 */
const cadbridge = (() => {
  const handlers = new Map();
  let words = new Map();
  let locale = 'en';

  /** In the game there is this function; in a plain browser (demo, tests) the frame around us listens. */
  const inGame = typeof window.GetParentResourceName === 'function';

  /** Answers the client: the name of a callback and what it says. */
  function post(name, data) {
    if (!inGame) {
      window.parent.postMessage({ callback: name, data }, window.location.origin);
      return;
    }
    window.fetch(`https://${window.GetParentResourceName()}/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=UTF-8' },
      body: JSON.stringify(data),
    }).catch(() => {}); // the resource is stopping: there is nobody to tell
  }

  /** Handles an action with an object of data. */
  function on(action, handler) {
    handlers.set(action, handler);
  }

  function isObject(value) {
    return typeof value === 'object' && value !== null;
  }

  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || !isObject(event.data)) return;
    const handler = handlers.get(event.data.action);
    if (handler) handler(isObject(event.data.data) ? event.data.data : {});
  });

  on('words', (data) => {
    if (!isObject(data.words)) return;
    words = new Map(Object.entries(data.words).filter(([, word]) => typeof word === 'string'));
    locale = text(data.locale) || 'en';
    document.documentElement.lang = locale;
  });

  /** Marks that turn the direction of the text behind them. */
  const TURNS = /[\u202a-\u202e\u2066-\u2069]/;

  /** Text, or nothing: whatever a message holds, only text and numbers are shown. */
  function text(value) {
    if (typeof value === 'string') return TURNS.test(value) ? value.replace(new RegExp(TURNS, 'g'), '') : value;
    return Number.isFinite(value) ? String(value) : '';
  }

  /**
   * A sentence in the player's language. What is put in is isolated, so that a name written from right
   * to left does not turn the sentence around.
   */
  function word(name, places) {
    const sentence = words.get(name);
    if (sentence === undefined) return '';
    if (!places) return sentence;
    return sentence.replace(/\{(\w+)\}/g, (_, place) => {
      const value = text(places[place]);
      return /^[\d.,]*$/.test(value) ? value : `\u2068${value}\u2069`;
    });
  }

  /** A number as the player's language writes it. */
  function number(value, digits = 0) {
    const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    try {
      return new Intl.NumberFormat(locale, form).format(value);
    } catch {
      return value.toFixed(digits); // the locale is no language the browser knows
    }
  }

  /** How long ago, in the shortest words. */
  function age(ms) {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 5) return word('card.ageNow');
    if (seconds < 60) return word('card.ageSeconds', { n: seconds });
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return word('card.ageMinutes', { n: minutes });
    return word('card.ageHours', { n: Math.floor(minutes / 60), m: minutes % 60 });
  }

  function element(tag, className, parent) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (parent) parent.append(made);
    return made;
  }

  const SVG = 'http://www.w3.org/2000/svg';

  /** One of the shapes of the page by its name, which is never taken from a message as it is. */
  function shape(name, className, parent) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', className);
    svg.setAttribute('aria-hidden', 'true');
    const use = document.createElementNS(SVG, 'use');
    use.setAttribute('href', `#shape-${name}`);
    svg.append(use);
    if (parent) parent.append(svg);
    return svg;
  }

  /** Sets text only where it differs: a node that is left alone costs nothing. */
  function write(node, value) {
    if (node.textContent !== value) node.textContent = value;
  }

  return Object.freeze({ post, on, text, word, number, age, element, shape, write, isObject });
})();
