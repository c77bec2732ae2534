// The scope page: a stage whose state is the page's address.
import { onKey } from '../keys.js';
import { Socket } from '../socket.js';
import * as address from './address.js';
import { Share } from './share.js';
import { Stage } from './stage.js';

const root = document.querySelector('[data-stage]');
const form = document.getElementById('scope-form');
const stage = new Stage(root, { socket: new Socket(), address: true, form });

// restore shows what the address holds. An address that the server refused is
// not tried again; the page opens as if it had none.
function restore() {
  const saved = address.read(form.dataset.problem ? '' : location.search);
  if (!Object.values(saved.scenarios).some(Boolean)) saved.scenarios = JSON.parse(form.dataset.opening);
  stage.restore(saved);
}

const share = new Share(root.querySelector('[data-part="share"]'), stage);
const openShare = () => share.open();
onKey('share', openShare);
root.querySelector('button[data-action="share"]').addEventListener('click', openShare);
onKey('close', () => {
  const chooser = root.querySelector('.paths[open]');
  if (!chooser) return false;
  chooser.open = false;
  chooser.querySelector('summary').focus();
  return true;
});
addEventListener('popstate', () => {
  form.dataset.problem = '';
  address.forget();
  restore();
});
restore();
