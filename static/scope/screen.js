// On a narrow screen the page shows one lane at a time, in a narrow drawing.
export const narrowScreen = matchMedia('(max-width: 760px)');

// wholeFocus is what is shown when the address names no lane.
export const wholeFocus = () => (narrowScreen.matches ? 'a' : 'all');

// On a short screen all that a step changes is to be in the first view.
export const shortScreen = matchMedia('(max-height: 800px)').matches;
