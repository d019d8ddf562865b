"""Answers without what is another each time, or is the model's and not the program's."""

import re
from dataclasses import replace

from tests.contract.ollama.asking import Answer

_TEXT = r'"(?:[^"\\]|\\.)*"'
_MASKS = (
    (r'"(created_at|modified_at|expires_at)":"[^"]*"', r'"\1":"<time>"'),
    (r'"(\w+_duration|prompt_eval_count|prompt_tokens|total_tokens|created)":\d+', r'"\1":<number>'),
    (r'"id":"chatcmpl-\d+"', '"id":"chatcmpl-<number>"'),
    (r'"version":"[^"]*"', '"version":"<version>"'),
    (r'(llama-server binary not found) [^"]*', r"\1"),
    (r'(pull model manifest: Get \\"[^"]*\\"): [^"]*', r"\1: <not reached>"),
    # /api/show: what stands in the model's file
    (rf'"(modelfile|template)":{_TEXT}', r'"\1":"<text>"'),
    (r'"model_info":\{[^}]*\}', '"model_info":{<of the file>}'),
    (r'"tensors":(null|\[\]|\[.*?\}\])', '"tensors":[<of the file>]'),
    # what a model made of the prompt, and how many pieces it came in
    (r'"context":\[[\d,]*\]', '"context":[<tokens>]'),
    (rf'"(response|content)":{_TEXT}(?=.*"eval_count"|.*"done":false|.*"completion_tokens")', r'"\1":"<text>"'),
    (rf'"delta":\{{("role":"assistant",)?"content":{_TEXT}\}}', r'"delta":{\1"content":"<text>"}'),
    (r'(?m)(^\{.*"done":false\}\n)+', "<pieces>\n"),
    (r'(?m)(^data: .*"delta":\{"content":"<text>"\}.*\n\n)+', "<more pieces>\n\n"),
)
_IN_MEMORY = (r'"(size|size_vram)":\d+', r'"\1":<number>')
"""What a loaded model takes: the runner's affair."""
_MODELS = (
    (r'"(size|context_length|embedding_length)":\d+', r'"\1":<number>'),
    (r'"(digest|format|family|parameter_size|quantization_level)":"[^"]*"', r'"\1":"<of the model>"'),
    (r'"(families|capabilities)":\[[^\]]*\]', r'"\1":[<of the model>]'),
)
"""What is another with another model than the recordings'."""


def masked(answer: Answer, *, other_model: bool = False) -> Answer:
    """The answer as it is compared; its length is, too, where nothing in it had to be masked."""
    body = answer.body
    masks = [*_MASKS, *([_IN_MEMORY] if '"expires_at"' in body else []), *(_MODELS if other_model else [])]
    for pattern, instead in masks:
        body = re.sub(pattern, instead, body)
    headers = answer.headers
    if "<of the file>" in body:
        headers = tuple(line for line in headers if not line.startswith(("Content-Length", "Transfer-Encoding")))
    elif body != answer.body or (other_model and not body):
        headers = tuple(re.sub(r"^(Content-Length: )[1-9]\d*", r"\1<number>", line) for line in headers)
    return replace(answer, headers=headers, body=body)
