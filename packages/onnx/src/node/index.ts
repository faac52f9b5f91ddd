export {
  type ReadOnnxFileOptions,
  readOnnxFile,
  type WriteOnnxFileOptions,
  writeOnnxFile,
} from './onnx-files.ts';
