"""A tiny random GLM in a Hugging Face folder, as transformers itself writes it, and a LoRA."""

from __future__ import annotations

from pathlib import Path

TEXT = "员工出差住宿费每晚不超过五百元，由主管审批后按月发放。The warehouse keeper checks daily."
CONTEXT = 512
_TEMPLATE = (
    "[gMASK]<sop>{% for message in messages %}"
    "{% if message.role == 'assistant' and loop.first %}"
    "{{ raise_exception('the first turn is the person’s') }}{% endif %}"
    "<|{{ message.role }}|>\n{{ message.content }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
_MARKS = ["<|endoftext|>", "[gMASK]", "<sop>", "<|system|>", "<|user|>", "<|assistant|>"]


def write_glm(folder: Path, *, template: bool = True) -> Path:
    """Write a model with two layers and a byte-level tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GlmConfig, GlmForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [TEXT],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=_MARKS,
            initial_alphabet=alphabet,
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=_MARKS[0], pad_token=_MARKS[0]
    )
    fast.add_special_tokens({"additional_special_tokens": _MARKS[1:]})
    if template:
        fast.chat_template = _TEMPLATE
    torch.manual_seed(7)
    size = len(fast)
    config = GlmConfig(
        vocab_size=size,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=CONTEXT,
        eos_token_id=[0, 4],
        pad_token_id=0,
        initializer_range=0.4,
    )
    model = GlmForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def write_lora(folder: Path, base: Path) -> Path:
    """Write an adapter of peft's that changes every answer of the model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(11)
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "o_proj"])
    tuned = get_peft_model(model, config)
    for name, weight in tuned.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.5)
    tuned.save_pretrained(folder)
    return folder
