# ruff: noqa: RUF001 - sentences in other alphabets
import pytest

from assist_server.features.summarize.sentences import split_sentences


@pytest.mark.parametrize(
    "marked",
    [
        "Viral videos are known on the Web (e.g. Vimeo and Blip).| They are shared.",
        "The board bought Apple Inc. Shares in May.| It paid a lot.",
        "Prof. Smith wrote the parser in one night.| He slept later.",
        "It reads files, e.g. Markdown files.| It is fast.",
        "It handles them, i.e. All of them.| Then it stops.",
        "See Fig. 3 and Figs. 4 and 5 in Vol. 2 for more.| It shows.",
        "The U.S. is big.| Next.",
        "Mr. and Mrs. Brown et al. wrote it.| Next.",
        "J. R. R. Tolkien wrote it.| Next.",
        "Use Node.js 3.5.| Then go.",
        "Is it?| Yes!| OK.",
        'He said "Stop."| Then he left.',
        "1. First item here.| Second.",
        "See http://a.b/c.d?e=f.| Next.",
        "He said no.| Then he left.",
        "Der Hr. Müller bzw. Frau Dr. Meier kam z. B. am 3. Oktober und ist da.| Nächster.",
        "M. Dupont et Mme. Martin sont là.| Suivant.",
        "El Sr. García y la Sra. López llegaron.| Siguiente.",
        "Il Sig. Rossi è qui con la Sig.ra Bianchi.| Avanti.",
        "O Sr. Silva e a Sra. Souza são da casa.| Outro.",
        "Это т.е. проверка.| Далее.",
        "См. рис. 3 на стр. 5.| Далее.",
        "W 2020 r. było np. zimno.| Dalej.",
        "河流把水带到海洋。|下雨了。|没有人说话？",
        "川は海に水を運ぶ。|雨が降った。",
        "यह एक परीक्षण है।| यह दूसरा वाक्य है।",
        "هل هذا اختبار؟| نعم.| هذا هو.",
        "이것은 시험이다.| 두 번째 문장이다.",
        "Αυτό είναι ένα τεστ.| Δεύτερη πρόταση.",
    ],
)
def test_sentences_end_where_people_end_them(marked):
    expected = [sentence.strip() for sentence in marked.split("|")]
    assert split_sentences(marked.replace("|", "")) == expected


def test_line_ends_are_blanks():
    assert split_sentences(" It is\r\n  one. It is\ntwo.\n") == ["It is one.", "It is two."]
