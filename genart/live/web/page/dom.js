// Functions that every module uses.

export const find = (id) => document.getElementById(id);

export function element(tag, settings = {}, ...children) {
  const { data, ...plain } = settings;
  const made = Object.assign(document.createElement(tag), plain);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export function setText(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

// Values kept in the browser; if it keeps none, they last for one visit.
export const memory = {
  get(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`genart.${name}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(`genart.${name}`, JSON.stringify(value));
    } catch {
      // a private window
    }
  },
};
