// What a word of the glossary means, beside it while it has the focus or the mouse is
// on it: the text is in the page, which screen readers read from. On a touch screen
// the first tap shows it and the second follows the link.
const grace = 250; // ms to get from the word onto what is shown of it

export class Words {
  #of = null; // the link whose word is shown
  #tapped = null; // the link that the next tap follows
  #timer = 0;

  constructor(root) {
    this.box = root.querySelector('[data-part="word"]');
    const link = (event) => event.target.closest?.('a.term') ?? null;
    root.addEventListener('pointerover', (event) => { if (link(event) && event.pointerType !== 'touch') this.show(link(event)); });
    root.addEventListener('pointerout', (event) => { if (link(event)) this.#leave(); });
    root.addEventListener('focusin', (event) => { if (link(event)) this.show(link(event)); else this.hide(); });
    root.addEventListener('focusout', (event) => { if (link(event)) this.#leave(); });
    root.addEventListener('click', (event) => {
      if (event.pointerType !== 'touch' || !link(event) || link(event) === this.#tapped) return;
      event.preventDefault();
      this.show(link(event));
      this.#tapped = link(event);
    });
    this.box.addEventListener('pointerenter', () => clearTimeout(this.#timer));
    this.box.addEventListener('pointerleave', () => this.#leave());
    addEventListener('pointerdown', (event) => { if (!this.box.contains(event.target) && !link(event)) this.hide(); });
    // What came into focus may have scrolled the page itself: it goes along.
    addEventListener('scroll', () => { if (this.#of && this.#of === document.activeElement) this.#place(); else this.hide(); }, { passive: true });
    addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#of) return;
      event.stopPropagation();
      this.hide();
    }, true);
  }

  show(link) {
    clearTimeout(this.#timer);
    if (this.#of === link) return;
    const text = document.getElementById(link.getAttribute('aria-describedby'));
    this.box.replaceChildren(...[...text.childNodes].map((node) => node.cloneNode(true)));
    this.box.showPopover();
    this.#of = link;
    this.#place();
  }

  #place() {
    const at = this.#of.getClientRects()[0];
    if (at.bottom < 0 || at.top > innerHeight) {
      this.hide();
      return;
    }
    const { width, height } = this.box.getBoundingClientRect();
    const below = at.bottom + 6 + height < innerHeight;
    this.box.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - width - 8))}px`;
    this.box.style.top = `${below ? at.bottom + 6 : Math.max(0, at.top - 6 - height)}px`;
  }

  hide() {
    clearTimeout(this.#timer);
    if (this.#of) this.box.hidePopover();
    this.#of = null;
    this.#tapped = null;
  }

  // leave hides it in a moment, unless one gets onto what is shown meanwhile.
  #leave() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (this.#of !== document.activeElement) this.hide(); }, grace);
  }
}
