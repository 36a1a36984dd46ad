MANIFEST_FILE = "encoder.json"
ONNX_FILE = "onnx/model_int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
