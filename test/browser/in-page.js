// Runs in the editor's page: what the tests ask the editor and what they measure in its forms.
(() => {
  const tray = () => [...document.querySelectorAll('.red-ui-tray')].at(-1);
  const form = () => tray().querySelector('#node-config-dialog-edit-form, #dialog-form');
  const shown = (element) => element !== null && element.getClientRects().length > 0 && element.getBoundingClientRect().width > 10;
  const all = (selector) => [...form().querySelectorAll(selector)].filter(shown);

  const plain = (node) => node && { id: node.id, type: node.type, x: node.x, y: node.y, z: node.z, name: node.name, valid: node.valid };
  const nodes = (tab) => RED.nodes.filterNodes({ z: tab }).map(plain);

  /** Pairs of nodes of a tab that lie over each other; a debug node's button stands out on its right. */
  const overlaps = (tab) => {
    const boxes = RED.nodes.filterNodes({ z: tab }).map(({ id, type, x, y, w, h }) =>
      ({ id, left: x - w / 2, right: x + w / 2 + (type === 'debug' ? 32 : 0), top: y - h / 2, bottom: y + h / 2 }));
    const meet = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
    return boxes.flatMap((one, index) => boxes.slice(index + 1).filter((other) => meet(one, other)).map((other) => `${one.id} and ${other.id}`));
  };

  const paletteTypes = (category) => [...document.querySelectorAll(`#red-ui-palette-container-${category} .red-ui-palette-node`)]
    .map((node) => node.getAttribute('data-palette-type'));

  /** Keys of the definition whose field cannot be seen; what a typed input or a list stands for counts as its field. */
  const unseen = (type, prefix) => {
    const { defaults, credentials = {} } = RED.nodes.getType(type);
    return [...Object.keys(defaults), ...Object.keys(credentials)].filter((key) => {
      const field = document.getElementById(prefix + key) ?? document.getElementById(`${prefix}${key}-list`);
      if (field === null) return true;
      if (field.type === 'hidden') return false;
      if (field.classList.contains('red-ui-typedInput')) return !shown(field.parentElement.querySelector('.red-ui-typedInput-container'));
      return !shown(field.closest('.red-ui-editableList') ?? field);
    });
  };

  const valueOf = (input) => input.type === 'checkbox' ? input.checked : input.value;
  // The editor puts fields of its own into each form, to keep password managers away.
  const isOurs = (input) => !input.id.startsWith('red-ui-');
  const isData = (input) => isOurs(input) && input.id !== 'node-config-input-exchange' && input.type !== 'file';

  /** What stands in the form, field by field; secrets only as whether there is one. */
  const values = () => {
    const inputsOf = (element) => [...element.querySelectorAll('input, select, textarea')];
    const single = inputsOf(form()).filter((input) => isData(input) && input.closest('.red-ui-editableList') === null);
    const lists = [...form().querySelectorAll('ol[id$="-list"]')];
    return {
      ...Object.fromEntries(single.map((input) => [input.id, input.type === 'password' ? input.value !== '' : valueOf(input)])),
      ...Object.fromEntries(lists.map((list) => [list.id, [...list.querySelectorAll('li')].map((row) => inputsOf(row).map(valueOf))])),
    };
  };

  const textWidth = (element) => {
    const context = document.createElement('canvas').getContext('2d');
    context.font = getComputedStyle(element).font;
    const text = element.tagName === 'SELECT' ? element.selectedOptions[0]?.textContent ?? '' : element.placeholder ?? '';
    return context.measureText(text).width;
  };
  const nameOf = (element) => element.id || element.getAttribute('aria-label') || element.textContent.trim() || element.outerHTML.slice(0, 80);
  const room = (element) => {
    const { paddingLeft, paddingRight } = getComputedStyle(element);
    // The arrow of a select takes about 20 pixels of what the padding leaves.
    return element.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight) - (element.tagName === 'SELECT' ? 20 : 0);
  };

  const sticksOut = (box) => box.getBoundingClientRect().right > form().getBoundingClientRect().right + 1;
  const cutOff = (input) => (input.tagName === 'SELECT' || input.type === 'text') && textWidth(input) > room(input);
  const unlabelled = (input) => !(input.labels?.length > 0 || input.getAttribute('aria-label') || input.closest('.red-ui-typedInput-container'));
  const touches = (button) => button.getBoundingClientRect().top - button.previousElementSibling.getBoundingClientRect().bottom < 3;

  /** What looks broken: wrapped labels, fields that stick out, texts cut off, boxes that touch, fields without a label. */
  const blemishes = () => {
    const inputs = all('input:not([type=hidden]), select, textarea').filter(isOurs);
    const told = (what, elements) => elements.map((element) => `${what}: ${nameOf(element)}`);
    return [
      ...told('label wraps', all('.form-row > label').filter((label) => label.getBoundingClientRect().height > 30)),
      ...told('sticks out', all('input, select, textarea, button, .red-ui-editableList').filter(sticksOut)),
      ...told('cut off', inputs.filter(cutOff)),
      ...told('no label', inputs.filter(unlabelled)),
      ...told('touches the text above', all('textarea + button').filter(touches)),
    ];
  };

  const rgb = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let box = element; box !== null; box = box.parentElement) {
      const [red, green, blue, alpha = 1] = rgb(getComputedStyle(box).backgroundColor);
      if (alpha > 0.99) return [red, green, blue];
    }
    return [255, 255, 255];
  };

  /** WCAG 2.2 contrast ratio of each thing that can be read in the form and is not switched off. */
  const contrasts = () => all('label, label span, label div, input, select, textarea, button, .form-tips, .form-row > span')
    .filter((element) => !element.disabled && (element.matches('input, select, textarea') || element.textContent.trim() !== ''))
    .map((element) => {
      const [lighter, darker] = [luminance(rgb(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
      return { element: nameOf(element), ratio: (lighter + 0.05) / (darker + 0.05) };
    });

  const deployed = async () => (await $.ajax({ url: 'flows', headers: { 'Node-RED-API-Version': 'v2' } })).flows;

  window.courier = { nodes, overlaps, paletteTypes, unseen, values, blemishes, contrasts, deployed, activeTab: () => RED.workspaces.active() };
})();
