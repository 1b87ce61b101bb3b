'use strict';

/**
 * Panels that take keyboard and mouse, and the controls on them. One panel at a time; it closes by its
 * button, by Escape and by the client, and closing always tells the client, which takes the focus back.
 */
const panels = (() => {
  const { on, post, element, write, word } = cadbridge;
  const stage = document.getElementById('stage');
  let open = null; // { root, closed }
  let ids = 0;

  function focusable(root) {
    return [...root.querySelectorAll('button, input, [tabindex="0"]')].filter((node) => !node.disabled && node.offsetParent);
  }

  /** Tab goes round inside the panel: beyond it there is only the game. */
  function goRound(event, root) {
    const nodes = focusable(root);
    if (nodes.length === 0) return;
    const edge = event.shiftKey ? nodes[0] : nodes[nodes.length - 1];
    if (document.activeElement !== edge && root.contains(document.activeElement)) return;
    event.preventDefault();
    (event.shiftKey ? nodes[nodes.length - 1] : nodes[0]).focus();
  }

  function close(tell) {
    if (!open) return;
    const { root, closed } = open;
    open = null;
    root.remove();
    document.body.classList.remove('panel-open');
    if (closed) closed();
    if (tell) post('close', {});
  }

  /** Makes the frame of a panel and shows it in place of the one before. */
  function show(name, title, closed) {
    close(false);
    const root = element('section', `panel ${name}`, stage);
    root.setAttribute('role', 'dialog');
    root.setAttribute('aria-modal', 'true');
    root.setAttribute('aria-label', title);
    const head = element('header', 'panel-head', root);
    const heading = element('h1', 'panel-title', head);
    write(heading, title);
    const extra = element('div', 'panel-extra', head);
    const button = element('button', 'panel-close', head);
    button.type = 'button';
    button.setAttribute('aria-label', word('settings.close'));
    element('kbd', 'cap', button).textContent = 'Esc';
    button.addEventListener('click', () => close(true));
    const body = element('div', 'panel-body', root);
    document.body.classList.add('panel-open');
    open = { root, closed };
    return { root, heading, extra, body };
  }

  function isOpen(root) {
    return open !== null && open.root === root;
  }

  document.addEventListener('keydown', (event) => {
    if (!open) return;
    if (event.key === 'Escape' && !event.defaultPrevented) close(true);
    if (event.key === 'Tab') goRound(event, open.root);
  });

  on('close', () => close(false));
  // Asked only of who has the keyboard: without a panel to use it in, it goes back.
  on('alive', (data) => (open ? post('alive', { question: data.question }) : post('close', {})));

  /** A heading with what belongs under it. */
  function group(parent, title) {
    const root = element('fieldset', 'group', parent);
    write(element('legend', 'group-title', root), title);
    return root;
  }

  function row(parent, label, hint) {
    const root = element('div', 'row', parent);
    const words = element('div', 'row-words', root);
    const name = element('span', 'row-label', words);
    name.id = `label-${ids += 1}`;
    write(name, label);
    if (hint) write(element('span', 'row-hint', words), hint);
    return { root, name };
  }

  /** One of a few: radio buttons that look like one bar. [[value, label, disabled]…] */
  function choice(parent, label, options, value, chosen, hint) {
    const { root, name } = row(parent, label, hint);
    const bar = element('div', 'bar', root);
    bar.setAttribute('role', 'radiogroup');
    bar.setAttribute('aria-labelledby', name.id);
    const group = `choice-${ids += 1}`;
    for (const [option, text, disabled] of options) {
      const cell = element('label', 'bar-cell', bar);
      const input = element('input', '', cell);
      input.type = 'radio';
      input.name = group;
      input.value = option;
      input.checked = option === value;
      input.disabled = disabled === true;
      input.addEventListener('change', () => chosen(option));
      write(element('span', '', cell), text);
    }
    return root;
  }

  function toggle(parent, label, value, changed, hint) {
    const { root, name } = row(parent, label, hint);
    const cell = element('label', 'switch', root);
    const input = element('input', '', cell);
    input.type = 'checkbox';
    input.setAttribute('role', 'switch');
    input.setAttribute('aria-labelledby', name.id);
    input.checked = value === true;
    input.addEventListener('change', () => changed(input.checked));
    element('span', 'switch-track', cell);
    return root;
  }

  function slider(parent, labelled, value, least, changed) {
    const input = element('input', 'slider', parent);
    input.type = 'range';
    input.min = String(least);
    input.max = '100';
    input.step = '5';
    input.value = String(value);
    input.setAttribute('aria-label', labelled);
    const paint = () => input.style.setProperty('--filled', `${((input.value - least) / (100 - least)) * 100}%`);
    paint();
    input.addEventListener('input', paint);
    input.addEventListener('change', () => changed(Number(input.value)));
    return input;
  }

  function button(parent, label, className, pressed) {
    const made = element('button', className, parent);
    made.type = 'button';
    write(made, label);
    made.addEventListener('click', pressed);
    return made;
  }

  return Object.freeze({ show, close, isOpen, group, row, choice, toggle, slider, button });
})();
