// What outlives a page: the session and the conversation for the browser, the draft and what is unsent for the tab.
// Where storage is refused (a private window, a policy), the widget works without.

function area(get, key) {
  const read = () => {
    try {
      return JSON.parse(get().getItem(key)) ?? {};
    } catch {
      return {};
    }
  };
  let values = read();
  return {
    get: (name) => values[name],
    set(changes) {
      values = { ...read(), ...changes };
      try {
        get().setItem(key, JSON.stringify(values));
      } catch {
        // nothing is kept: a reload begins anew
      }
    },
    clear() {
      values = {};
      try {
        get().removeItem(key);
      } catch {
        // there was nothing
      }
    },
  };
}

/** @param {string} base the desk's origin: two desks on one site keep apart */
export function store(base) {
  const key = `frontdesk:${base}`;
  const kept = area(() => localStorage, key);
  const tab = area(() => sessionStorage, key);
  return { kept, tab };
}
