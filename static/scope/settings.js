// The settings of a lane: the fields of the page's form, read as a scenario.
// What a scenario may be is the server's to say; it answers with the normal
// form or with an error that names the field.
export function read(form, lane) {
  const fields = new Map();
  for (const element of form.elements) {
    const [owner, name] = (element.name ?? '').split('.');
    if (owner !== lane || element.disabled || !name) continue;
    if (element.type === 'checkbox') fields.set(name, element.checked ? 'on' : 'off');
    else fields.set(name, element.value.trim());
  }
  const path = fields.get('path');
  if (path.includes('=')) return path; // not a path: a scenario file says all by itself
  fields.delete('path');
  return [path, ...[...fields].filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`)].join(',');
}

// show puts a lane's settings, as the server normalised them, into the form.
export function show(form, lane, settings) {
  for (const [name, value] of Object.entries(settings)) {
    const element = form.elements[`${lane}.${name}`];
    if (!element) continue;
    // An imported trace is no path to choose, but what the lane shows.
    if (name === 'path' && ![...element.options].some((option) => option.value === value)) element.append(new Option(value.slice(value.indexOf('=') + 1), value));
    if (element.type === 'checkbox') element.checked = value === 'on';
    else element.value = value;
  }
  for (const element of form.elements) {
    const [owner, name] = (element.name ?? '').split('.');
    if (owner === lane) element.disabled = name !== 'path' && !(name in settings);
  }
}

// fault points at the field that the server refused.
export function fault(form, lane, field) {
  for (const element of form.elements) {
    if ((element.name ?? '').startsWith(`${lane}.`)) element.removeAttribute('aria-invalid');
  }
  if (field) form.elements[`${lane}.${field}`]?.setAttribute('aria-invalid', 'true');
}
