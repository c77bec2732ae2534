// What the keys and the buttons of a stage do: both call the same actions.
import { keyName, onKey } from '../keys.js';

const laneKeys = { 1: 'a', 2: 'b', 3: 'c', 4: 'd' };

// actionsOf are a stage's actions by name.
export function actionsOf({ player, timeline, controls, explanation, whatIf }) {
  // explain goes to where the lanes part and opens the words for it.
  const explain = () => {
    player.seek(player.partings.at);
    explanation?.open();
  };
  return {
    first: () => player.seek(0),
    last: () => player.seek(player.last),
    'step-forward': () => player.move(1),
    'step-back': () => player.move(-1),
    'call-forward': () => player.boundary(1),
    'call-back': () => player.boundary(-1),
    play: () => player.toggle(),
    faster: () => player.faster(1),
    slower: () => player.faster(-1),
    align: () => player.nextAlign(),
    parting: () => explain(),
    lane: (event, key) => player.setFocus(laneKeys[key]),
    ...(controls && {
      goto: () => controls.goto(),
      'copy-link': () => controls.copy(),
    }),
    ...(whatIf && { 'what-if': () => whatIf.open() }),
    ...(timeline && {
      'zoom-in': () => timeline.zoom(0.7),
      'zoom-out': () => timeline.zoom(1 / 0.7),
      'zoom-whole': () => timeline.whole(),
      'pan-left': () => timeline.pan(-0.25),
      'pan-right': () => timeline.pan(0.25),
      search: () => timeline.explorer.find(),
      'range-from': () => timeline.mark(false),
      'range-to': () => timeline.mark(true),
    }),
  };
}

// bindKeys gives the page's keys to the actions: to those of one stage of a page.
export function bindKeys(actions) {
  for (const [name, act] of Object.entries(actions)) onKey(name, act);
}

// bindButtons gives each button within root that names an action that action,
// and its key as its title.
export function bindButtons(root, actions) {
  for (const button of root.querySelectorAll('button[data-action]')) {
    const act = actions[button.dataset.action];
    if (!act) continue;
    button.addEventListener('click', act);
    const key = keyName(button.dataset.action);
    if (key) button.title = `${button.getAttribute('aria-label') ?? button.textContent.trim()} (${key})`;
  }
}
