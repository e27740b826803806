import subprocess

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

from assist_server.engine.tokens import chat_template
from assist_server.engine.tokens.chat_template import ChatTemplate
from assist_server.errors import ModelError

MARKS = ["\ue0000\ue001", "\ue0001\ue001"]
ROLES = ["system", "user"]


@pytest.mark.parametrize(
    "template",
    [
        """{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>
{{ m['content'] | trim }}
{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}""",
        """{%- for m in messages %}
  {%- if loop.first %}{{ m.content }}{% continue %}{% endif %}
  {%- generation %}{{ m | tojson }}{% endgeneration %}
{%- endfor %}
""",
        """{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}
{% endfor %}{{ ns.n }}{{ tools is none }}{{ enable_thinking }}{{ strftime_now('%Y') }}""",
        """{% macro say(m) %}[{{ m.role | upper }}]{{ m.content }}{% endmacro %}
{% for m in messages %}{{ say(m) }}{% if not loop.last %} / {% endif %}{% endfor %}""",
    ],
)
def test_a_template_gives_what_transformers_makes_of_it(template):
    messages = [{"role": r, "content": c} for r, c in zip(ROLES, MARKS, strict=True)]
    values = {"bos_token": "<s>", "enable_thinking": False}
    (expected,), _ = render_jinja_template(
        [messages], chat_template=template, add_generation_prompt=True, **values
    )
    assert ChatTemplate(template, {"bos_token": "<s>"}).render(ROLES, MARKS) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ raise_exception('no system\nrole') }}", "no system role"),
        ("{% if", "unexpected"),
        ("{{ 'x' * 99999999999 }}", "MemoryError|could not be run"),
        ("{% for a in range(99999) %}{{ 'x' * 1000 }}{% endfor %}", "text is too long"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_template_that_fails_says_why(template, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        ChatTemplate(template, {}).render(ROLES, MARKS)
    assert "\n" not in str(caught.value)


def test_a_template_that_does_not_end_is_ended(monkeypatch):
    children = []

    class Child(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", Child)
    monkeypatch.setattr(chat_template, "_MAX_S", 1.0)
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    with pytest.raises(ModelError, match="does not end"):
        ChatTemplate(loop, {}).render(ROLES, MARKS)
    (child,) = children
    assert child.poll() is not None


def test_a_conversation_of_known_roles_is_not_rendered_again(monkeypatch):
    template = ChatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}", {})
    first = template.render(ROLES, MARKS)
    monkeypatch.setattr(subprocess, "run", None)
    assert template.render(ROLES, MARKS) == first
