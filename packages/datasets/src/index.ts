// Corruption
export { withDuplicates } from './corruption/with-duplicates.ts';
export { withImbalance } from './corruption/with-imbalance.ts';
export { withInputNoise } from './corruption/with-input-noise.ts';
export { withLabelNoise } from './corruption/with-label-noise.ts';
// Files
export { type IdxDatasetOptions, idxDataset } from './idx/idx-dataset.ts';
export { type ReadIdxOptions, readIdx } from './idx/read-idx.ts';
// Memory
export {
  type ArrayDatasetSource,
  type ArrayTargets,
  arrayDataset,
  type ClassTargets,
} from './memory/array-dataset.ts';
export type { ClassificationDataset, ExampleDataset } from './memory/example-dataset.ts';
export type { Normalisation } from './memory/scaled-dataset.ts';
// Known collections
export {
  type MnistFiles,
  type MnistOptions,
  mnist,
  mnistDirectory,
  mnistFiles,
} from './mnist/mnist.ts';
// Rows of files, read in the memory of one chunk
export { type CsvRecord, csvRecords } from './rows/csv-records.ts';
export { type CsvRowsOptions, csvRows } from './rows/csv-rows.ts';
export { idxRows } from './rows/idx-rows.ts';
export { imageFiles, imageRows } from './rows/image-rows.ts';
export { npyRows } from './rows/npy-rows.ts';
export { npzRows } from './rows/npz-rows.ts';
export { type OpenRowsOptions, openRows } from './rows/open-rows.ts';
export type { Precision, RowChunk, RowSource, RowValues } from './rows/row-source.ts';
// Stores
export { folderStore } from './store/folder-store.ts';
