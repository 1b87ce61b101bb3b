'use strict';

/**
 * Stands in for the game's browser in a frame of the demo: the function by which the card knows that
 * it is in the game, and the one address that it calls. Everything else stays forbidden to the card.
 */
(() => {
  const ADDRESS = /^https:\/\/cadbridge\/(\w+)$/;
  const refused = window.fetch.bind(window);
  const waiting = new Map();
  let last = 0;

  window.GetParentResourceName = () => 'cadbridge';

  window.fetch = (address, options = {}) => {
    const callback = ADDRESS.exec(String(address));
    if (!callback) return refused(address, options);
    last += 1;
    const id = last;
    window.parent.postMessage({ callback: callback[1], body: options.body, id }, window.location.origin);
    return new Promise((resolve) => { waiting.set(id, resolve); });
  };

  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.origin !== window.location.origin) return;
    const { answer } = event.data;
    if (!answer || !waiting.has(answer.id)) return;
    waiting.get(answer.id)(new Response(answer.body, { status: answer.status }));
    waiting.delete(answer.id);
  });
})();
