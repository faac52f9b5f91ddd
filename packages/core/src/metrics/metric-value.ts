/** A figure: a number, or one number for each class or bin. */
export type MetricValue = number | readonly number[];

/** Figures by name, e.g. `{ loss: 0.31, accuracy: 0.94, ecePerClass: [0.01, 0.02] }`. */
export type Metrics = Readonly<Record<string, MetricValue>>;
