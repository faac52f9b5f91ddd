export { readOnnxFile, type WriteOnnxFileOptions, writeOnnxFile } from './onnx-files.ts';
