'use strict';

/** Tells the client that the page is there, again and again until it has heard it. */
(() => {
  const EVERY = 500;
  const TIMES = 60;
  let heard = false;

  cadbridge.on('hello', () => { heard = true; });

  function call(left) {
    if (heard || left === 0) return;
    cadbridge.post('ready', {});
    setTimeout(() => call(left - 1), EVERY);
  }

  // A fault of the page must never keep the player's keyboard. What the browser says of itself, as that
  // something was laid out a frame late, bears no error and is none.
  window.addEventListener('error', (event) => {
    if (event.error) cadbridge.post('close', {});
  });
  window.addEventListener('unhandledrejection', () => cadbridge.post('close', {}));

  // A font is loaded when it is first used: the first alert must not be the one that waits for it.
  Promise.allSettled([...document.fonts].map((face) => face.load())).then(() => call(TIMES));
})();
