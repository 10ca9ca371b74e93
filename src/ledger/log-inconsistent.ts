/** The log on disk contradicts what was signed. Nothing is signed any more until a person has looked: never repair a log. */
export class LogInconsistent extends Error {
  constructor(detail: string) {
    super(
      `The ledger contradicts its own signed checkpoint: ${detail}. Nothing more is signed. Run "curfew audit verify".`,
    );
    this.name = 'LogInconsistent';
  }
}
