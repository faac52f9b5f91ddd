/**
 * The errors of the project. Messages follow one grammar:
 * `where: what was wrong, expected X, got Y`, and the remedy where there is one.
 */

/** A machine-readable reason, stable across releases. */
export type BaalErrorCode =
  | 'shape'
  | 'numerical'
  | 'pool-exhausted'
  | 'label'
  | 'config'
  | 'data'
  | 'state';

/** Base of every error that the project raises on purpose: a user can act on its message. */
export class BaalError extends Error {
  /** The reason, for programs. */
  readonly code: BaalErrorCode;

  constructor(code: BaalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Two shapes that had to agree do not. */
export class ShapeError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('shape', message, options);
  }
}

/** A value is NaN or infinite where a number was needed. */
export class NumericalError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('numerical', message, options);
  }
}

/** More items were asked for than the pool has. */
export class PoolExhaustedError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('pool-exhausted', message, options);
  }
}

/** A label is missing, out of range or not accepted. */
export class LabelError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('label', message, options);
  }
}

/** A setting is unknown, of the wrong type or out of range. */
export class ConfigError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('config', message, options);
  }
}

/** A file or an item of data cannot be read or used. */
export class DataError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('data', message, options);
  }
}

/** An object is used when it is not in a state for it: stale, disposed, not labelled yet. */
export class StateError extends BaalError {
  constructor(message: string, options?: ErrorOptions) {
    super('state', message, options);
  }
}
