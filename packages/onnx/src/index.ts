export * from './graph/graph.ts';
export { GraphBuilder } from './graph/graph-builder.ts';
export { readOnnx } from './graph/read-onnx.ts';
export * from './graph/tensor-data.ts';
export { writeOnnx } from './graph/write-onnx.ts';
