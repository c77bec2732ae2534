// The runs of a talk, as a stage asks for them. The server has made each of them
// once, so they are fetched and not run: two thousand pages cost it nothing.
export class TalkRuns {
  #handlers = new Map();
  #requests = 0;

  // load(scenario) gives a run's document: {head, events}.
  constructor(load) {
    this.load = load;
  }

  // ahead loads runs that will be asked for soon: they are there then, though the
  // network may have gone meanwhile.
  ahead(scenarios) {
    for (const scenario of scenarios) this.load(scenario).catch(() => {}); // it is tried again when it is asked for
  }

  on(type, handler) {
    this.#handlers.set(type, [...(this.#handlers.get(type) ?? []), handler]);
    return this;
  }

  send(type, body) {
    this.#requests += 1;
    const id = `run-${this.#requests}`;
    if (type === 'scope.run') this.#run(id, body);
    return id;
  }

  async #run(id, { lane, scenario }) {
    const tell = (type, body) => {
      for (const handler of this.#handlers.get(type) ?? []) handler(body, { id });
    };
    try {
      const { head, events } = await this.load(scenario);
      tell('scope.lane', { ...head, lane, scenario });
      tell('scope.events', { lane, from: 0, events });
      tell('scope.done', { lane, events: events.length });
    } catch (error) {
      tell('error', { message: String(error.message ?? error), remedy: '' });
    }
  }
}

// fetched loads runs from the server, each once.
export function fetched(addresses) {
  const known = new Map();
  return (scenario) => {
    if (!known.has(scenario)) {
      known.set(scenario, fetch(addresses[scenario]).then((answer) => {
        if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
        return answer.json();
      }).catch((error) => {
        known.delete(scenario);
        throw error;
      }));
    }
    return known.get(scenario);
  };
}
