"""A small program in each of many languages; the comment goes above the line with `‸`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """Where a comment goes, how it begins there, and who else can read the language."""

    language_id: str
    text: str
    comment: str
    grammar: str = ""
    """Of tree-sitter-language-pack; a lexer of Pygments where that has none."""
    lexer: str = ""


PROGRAMS = [
    Program("c", "int a;\n‸int f(void) {\n  return 1;\n}\n", "// It is", "c"),
    Program("cpp", "int a;\n‸template <class T>\nT f() { return T(); }\n", "// It is", "cpp"),
    Program("cuda-cpp", "int a;\n‸__global__ void f(int *x) { *x = 1; }\n", "// It is", "cuda"),
    Program("objective-c", "int a;\n‸@interface A\n- (void)f;\n@end\n", "// It is", "objc"),
    Program("csharp", "class A {\n  ‸int F() { return 1; }\n}\n", "  // It is", "csharp"),
    Program("java", "class A {\n  ‸int f() { return 1; }\n}\n", "  // It is", "java"),
    Program("kotlin", "val a = 1\n‸fun f(): Int = a\n", "// It is", "kotlin"),
    Program("scala", "object A {\n  ‸def f(x: Int): Int = x\n}\n", "  // It is", "scala"),
    Program("groovy", "def a = 1\n‸def f(x) { x }\n", "// It is", "groovy"),
    Program("swift", "let a = 1\n‸func f() -> Int { return a }\n", "// It is", "swift"),
    Program("dart", "var a = 1;\n‸int f() => a;\n", "// It is", "dart"),
    Program("go", "package a\n\n‸func f() int { return 1 }\n", "// It is", "go"),
    Program("rust", "fn a() {}\n‸fn f<'a>(x: &'a str) -> &'a str { x }\n", "// It is", "rust"),
    Program("javascript", "const a = 1;\n‸function f() { return a; }\n", "// It is", "javascript"),
    Program(
        "typescript",
        "const a = 1;\n‸function f(): number { return a; }\n",
        "// It is",
        "typescript",
    ),
    Program(
        "typescriptreact", "const a = 1;\n‸const f = () => <b>it's {a}</b>;\n", "// It is", "tsx"
    ),
    Program("php", "<?php\n$a = 1;\n‸function f() { return 1; }\n", "// It is", "php"),
    Program("d", "int a;\n‸int f() { return 1; }\n", "// It is", "d"),
    Program("zig", "const a = 1;\n‸fn f() u8 { return a; }\n", "// It is", "zig"),
    Program("solidity", "contract A {\n  ‸uint a = 1;\n}\n", "  // It is", "solidity"),
    Program("verilog", "module a;\n  ‸wire b;\nendmodule\n", "  // It is", "verilog"),
    Program("glsl", "float a;\n‸void main() { a = 1.0; }\n", "// It is", "glsl"),
    Program("hlsl", "float a;\n‸float f() { return a; }\n", "// It is", "hlsl"),
    Program("proto", 'syntax = "proto3";\n‸message A {\n  int32 b = 1;\n}\n', "// It is", "proto"),
    Program("thrift", "struct A {\n  ‸1: i32 b,\n}\n", "  // It is", "thrift"),
    Program("haxe", "class A {\n  ‸var b:Int;\n}\n", "  // It is", "", "haxe"),
    Program("fsharp", "let a = 1\n‸let f x = x + a\n", "// It is", "", "fsharp"),
    Program("scss", "$a: 1px;\n‸b { width: $a; }\n", "// It is", "scss"),
    Program("less", "@a: 1px;\n‸b { width: @a; }\n", "// It is", "", "less"),
    Program("css", "a { top: 0; }\n‸b {\n  color: red;\n}\n", "/* It is", "css"),
    Program("jsonc", '{\n  "a": 1,\n  ‸"b": 2\n}\n', "  // It is", "", "json"),
    Program("jsonnet", "{\n  a: 1,\n  ‸b: 2,\n}\n", "  // It is", "jsonnet"),
    Program("python", "a = 1\n‸def f():\n    return a\n", "# It is", "python"),
    Program("cython", "a = 1\n‸cdef int f():\n    return a\n", "# It is", "", "cython"),
    Program("starlark", "a = 1\n‸def f():\n    return a\n", "# It is", "starlark"),
    Program("ruby", "a = 1\n‸def f\n  a\nend\n", "# It is", "ruby"),
    Program("crystal", "a = 1\n‸def f\n  1\nend\n", "# It is", "", "crystal"),
    Program("perl", "my $a = 1;\n‸sub f { return $a; }\n", "# It is", "perl"),
    Program("shellscript", "a=1\n‸f() {\n  echo $a\n}\n", "# It is", "bash"),
    Program("fish", "set a 1\n‸function f\n  echo $a\nend\n", "# It is", "fish"),
    Program("powershell", "$a = 1\n‸function f { $a }\n", "# It is", "powershell"),
    Program("r", "a <- 1\n‸f <- function(x) x + a\n", "# It is", "r"),
    Program("julia", "a = 1\n‸f(x) = x + a\n", "# It is", "julia"),
    Program("yaml", "a: 1\n‸b:\n  - c\n", "# It is", "yaml"),
    Program("toml", "a = 1\n‸[b]\nc = 2\n", "# It is", "toml"),
    Program("dockerfile", "FROM a\n‸RUN b\n", "# It is", "dockerfile"),
    Program("makefile", "a: b\n‸\techo c\n", "# It is", "make"),
    Program("cmake", "set(A 1)\n‸add_library(b c.c)\n", "# It is", "cmake"),
    Program("elixir", "defmodule A do\n  ‸def f, do: 1\nend\n", "  # It is", "elixir"),
    Program("nim", "let a = 1\n‸proc f(): int = a\n", "# It is", "nim"),
    Program("coffeescript", "a = 1\n‸f = (x) -> x + a\n", "# It is", "", "coffeescript"),
    Program("tcl", "set a 1\n‸proc f {x} {\n  return $x\n}\n", "# It is", "tcl"),
    Program("awk", "BEGIN { a = 1 }\n‸{ print a }\n", "# It is", "", "awk"),
    Program("graphql", "type A {\n  ‸b: Int\n}\n", "  # It is", "graphql"),
    Program(
        "terraform", 'variable "a" {}\n‸variable "b" {\n  default = 1\n}\n', "# It is", "terraform"
    ),
    Program("nix", "{\n  a = 1;\n  ‸b = 2;\n}\n", "  # It is", "nix"),
    Program("gdscript", "var a = 1\n‸func f():\n\treturn a\n", "# It is", "gdscript"),
    Program("nginx", "http {\n  ‸server { listen 80; }\n}\n", "  # It is", "", "nginx"),
    Program("apacheconf", "Listen 80\n‸ServerName a\n", "# It is", "", "apacheconf"),
    Program("puppet", "$a = 1\n‸file { 'b': ensure => present }\n", "# It is", "puppet"),
    Program("meson", "project('a', 'c')\n‸executable('b', 'c.c')\n", "# It is", "", "meson"),
    Program("properties", "a=1\n‸b=2\n", "# It is", "properties"),
    Program("ini", "[a]\nb=1\n‸[c]\nd=2\n", "; It is", "ini"),
    Program("lua", "local a = 1\n‸local function f() return a end\n", "-- It is", "lua"),
    Program("sql", "SELECT 1;\n‸SELECT a\nFROM b;\n", "-- It is", "sql"),
    Program("haskell", "module A where\n‸f :: Int -> Int\nf x = x\n", "-- It is", "haskell"),
    Program("elm", "module A exposing (..)\n\n\n‸f x =\n    x\n", "-- It is", "elm"),
    Program("purescript", "module A where\n‸f :: Int -> Int\nf x = x\n", "-- It is", "purescript"),
    Program(
        "ada", "procedure A is\n   ‸B : Integer;\nbegin\n   null;\nend A;\n", "   -- It is", "ada"
    ),
    Program("vhdl", "entity a is\n‸end entity;\n", "-- It is", "vhdl"),
    Program("applescript", "set a to 1\n‸set b to 2\n", "-- It is", "", "applescript"),
    Program("clojure", "(def a 1)\n‸(defn f [x] x)\n", ";; It is", "clojure"),
    Program("commonlisp", "(defvar a 1)\n‸(defun f (x) x)\n", ";; It is", "commonlisp"),
    Program("elisp", "(defvar a 1)\n‸(defun f (x) x)\n", ";; It is", "elisp"),
    Program("scheme", "(define a 1)\n‸(define (f x) x)\n", ";; It is", "scheme"),
    Program("racket", "#lang racket\n‸(define (f x) x)\n", ";; It is", "racket"),
    Program("latex", "\\section{A}\n‸Some text here.\n", "% It is", "latex"),
    Program("erlang", "-module(a).\n‸f(X) -> X.\n", "%% It is", "erlang"),
    Program("matlab", "a = 1;\n‸b = a + 1;\n", "% It is", "matlab"),
    Program("prolog", "a(1).\n‸b(X) :- a(X).\n", "% It is", "", "prolog"),
    Program("vb", "Module A\n  ‸Dim b As Integer\nEnd Module\n", "  ' It is", "", "vb.net"),
    Program("vim", "let a = 1\n‸let b = 2\n", '" It is', "vim"),
    Program("fortran", "program a\n  ‸integer :: b\nend program\n", "  ! It is", "fortran"),
    Program("bat", "set a=1\n‸echo b\n", "REM It is", "", "batch"),
    Program("ocaml", "let a = 1\n‸let f x = x + a\n", "(* It is", "ocaml"),
    Program("pascal", "program a;\n‸var b: integer;\nbegin\nend.\n", "// It is", "pascal"),
    Program("html", "<p>a</p>\n‸<p>b</p>\n", "<!-- It is", "html"),
    Program("vue", "<template>\n  ‸<p>b</p>\n</template>\n", "  <!-- It is", "vue"),
    Program("svelte", "<p>a</p>\n‸<p>b</p>\n", "<!-- It is", "svelte"),
    Program("xml", "<a>\n  ‸<b/>\n</a>\n", "  <!-- It is", "xml"),
    Program("markdown", "# A\n\n‸Some text.\n\nMore.\n", "<!-- It is", "markdown"),
    Program("twig", "<p>a</p>\n‸<p>{{ b }}</p>\n", "{# It is", "", "html+django"),
]


@dataclass(frozen=True)
class Hostile:
    """A place where a comment does harm, and the text up to it after one was inserted elsewhere."""

    name: str
    language_id: str
    text: str
    grammar: str
    before: str | None = None
    """What stands before the comment; None where it is refused."""
    lexer: str = ""


COMPONENT = "const A = () => (\n  <div>\n    ‸<b>it's</b>\n    <i>b</i>\n  </div>\n);\n"
HOSTILE = [
    Hostile("text of JSX", "typescriptreact", COMPONENT, "tsx", "const A = () => (\n"),
    Hostile(
        "text of JSX in JavaScript", "javascriptreact", COMPONENT, "tsx", "const A = () => (\n"
    ),
    Hostile(
        "attribute of JSX", "typescriptreact", 'a;\nf(<b\n  c="\n‸d"/>);\n', "tsx", "a;\nf(<b\n"
    ),
    Hostile("Python string", "python", 'a = 1\nb = """\n‸SELECT 1\n"""\n', "python", "a = 1\n"),
    Hostile(
        "docstring", "python", 'def f():\n    """A.\n\n    ‸B.\n    """\n', "python", "def f():\n"
    ),
    Hostile("f-string", "python", 'a = 1\nb = f"""\n{a}\n‸b\n"""\n', "python", "a = 1\n"),
    Hostile("backslash", "python", "a = 1\nb = 1 + \\\n    ‸2 + \\\n    3\n", "python", "a = 1\n"),
    Hostile(
        "backslash and CRLF", "python", "a = 1\r\nb = 1 + \\\r\n    ‸2\r\n", "python", "a = 1\r\n"
    ),
    Hostile("template literal", "javascript", "a;\nb = `\n‸c ${d}\n`;\n", "javascript", "a;\n"),
    Hostile("raw string of Go", "go", "package a\n\nvar b = `\n‸c\n`\n", "go", "package a\n\n"),
    Hostile(
        "raw string of Rust",
        "rust",
        'fn a() {}\nconst B: &str = r#"\n‸c\n"#;\n',
        "rust",
        "fn a() {}\n",
    ),
    Hostile(
        "text block",
        "java",
        'class A {\n  String b = """\n    ‸c\n    """;\n}\n',
        "java",
        "class A {\n",
    ),
    Hostile("raw string of C++", "cpp", 'int a;\nauto b = R"(\n‸c\n)";\n', "cpp", "int a;\n"),
    Hostile("long string of Lua", "lua", "local a\nlocal b = [[\n‸c\n]]\n", "lua", "local a\n"),
    Hostile("macro", "c", "int a;\n#define B(x) \\\n  ‸f(x); \\\n  g(x)\n", "c", "int a;\n"),
    Hostile("comment that goes on", "c", "int a;\n// b \\\n‸int c;\n", "c", "int a;\n"),
    Hostile(
        "shebang",
        "javascript",
        "‸#!/usr/bin/env node\nf();\n",
        "javascript",
        "#!/usr/bin/env node\n",
    ),
    Hostile(
        "shebang alone", "python", "‸#!/usr/bin/env python", "python", "#!/usr/bin/env python\n"
    ),
    Hostile(
        "encoding",
        "python",
        "‸#!/bin/python\n# -*- coding: latin-1 -*-\na = 1\n",
        "python",
        "#!/bin/python\n# -*- coding: latin-1 -*-\n",
    ),
    Hostile("byte order mark", "javascript", "\ufeff‸f();\n", "javascript", "\ufeff"),
    Hostile("PHP's opening", "php", "‸<?php\n$a = 1;\n", "php", "<?php\n"),
    Hostile(
        "HTML around PHP",
        "php",
        "<p>a</p>\n‸<p>b</p>\n<?php echo 1;\n",
        "",
        "<p>a</p>\n",
        "html+php",
    ),
    Hostile("heredoc of PHP", "php", "<?php\n$a = <<<B\n‸c\nB;\n", "php"),
    Hostile("heredoc of a shell", "shellscript", "a\ncat <<B\n‸c\nB\n", "bash"),
    Hostile("quoted text of a shell", "shellscript", "a\necho '\n‸c\n'\n", "bash"),
    Hostile("heredoc of Ruby", "ruby", "a = <<~B\n  ‸c\nB\n", "ruby"),
    Hostile("data of Ruby", "ruby", "p DATA.read\n__END__\n‸c\n", "ruby"),
    Hostile("data of Perl", "perl", "print <DATA>;\n__DATA__\n‸c\n", "perl"),
    Hostile("heredoc of Perl", "perl", 'print <<"B" . "d";\n‸c\nB\n', "perl"),
    Hostile("here-string", "powershell", '$a = @"\n‸c\n"@\n', "powershell"),
    Hostile("backtick", "powershell", "$b\n$a = 1 + `\n  ‸2\n", "powershell", "$b\n"),
    Hostile("block of YAML", "yaml", "a: |\n  b\n  ‸c\nd: 1\n", "yaml"),
    Hostile("folded text of YAML", "yaml", "a: b\n  ‸c\nd: 1\n", "yaml"),
    Hostile("string of TOML", "toml", 'a = """\n‸c\n"""\n', "toml"),
    Hostile("string of SQL", "sql", "SELECT 'a\n‸b' FROM c;\n", "sql"),
    Hostile("definition of make", "makefile", "define A\n‸b\nendef\n", "make"),
    Hostile("recipe that goes on", "makefile", "a:\n\tb \\\n\t‸c\n", "make", "a:\n"),
    Hostile("charset", "css", '‸@charset "utf-8";\na { top: 0 }\n', "css", '@charset "utf-8";\n'),
    Hostile("string of CSS", "css", "a { content: 'b\\\n‸c'; }\n", "css", ""),
    Hostile("doctype", "html", "‸<!DOCTYPE html>\n<p>a</p>\n", "html", "<!DOCTYPE html>\n"),
    Hostile("preformatted", "html", "<pre>\n‸a\n</pre>\n", "html"),
    Hostile("text area", "html", "<textarea>\n‸a\n</textarea>\n", "html"),
    Hostile("title", "html", "<title>\n‸a\n</title>\n", "html"),
    Hostile("tag of HTML", "html", "<p\n  ‸class='a'>b</p>\n", "html"),
    Hostile("script", "html", "<script>\n‸let a;\n</script>\n", "", "<script>\n", "html"),
    Hostile("style", "html", "<style>\n‸a { top: 0 }\n</style>\n", "", "<style>\n", "html"),
    Hostile(
        "declaration of XML",
        "xml",
        '‸<?xml version="1.0"?>\n<a/>\n',
        "xml",
        '<?xml version="1.0"?>\n',
    ),
    Hostile("character data", "xml", "<a><![CDATA[\n‸b\n]]></a>\n", "xml"),
    Hostile("text of XML", "xml", "<a>b\n‸c</a>\n", "xml"),
    Hostile(
        "front matter", "markdown", "‸---\na: b\n---\n\nText.\n", "markdown", "---\na: b\n---\n"
    ),
    Hostile("fence", "markdown", "A.\n\n```\n‸b\n```\n", "markdown"),
    Hostile("paragraph", "markdown", "A\n‸b\n", "markdown"),
    Hostile("list", "markdown", "- a\n‸- b\n", "markdown"),
    Hostile("table", "markdown", "| a |\n|---|\n‸| b |\n", "markdown"),
    Hostile(
        "parser's directive",
        "dockerfile",
        "‸# syntax=docker/dockerfile:1\nFROM a\n",
        "dockerfile",
        "# syntax=docker/dockerfile:1\n",
    ),
    Hostile("cloud-init", "yaml", "‸#cloud-config\na: b\n", "yaml", "#cloud-config\n"),
    Hostile(
        "next line's directive",
        "typescript",
        "a;\n// @ts-expect-error why\n‸b();\n",
        "typescript",
        "a;\n",
    ),
    Hostile(
        "linter's directive",
        "javascript",
        "a;\n// eslint-disable-next-line no-eval\n‸b();\n",
        "javascript",
        "a;\n",
    ),
    Hostile(
        "directive as a block",
        "javascript",
        "a;\n/* istanbul ignore next */\n‸b();\n",
        "javascript",
        "a;\n",
    ),
    Hostile(
        "type checker's directive",
        "python",
        "a = 1\n# pyright: ignore\n‸b = 2\n",
        "python",
        "a = 1\n",
    ),
    Hostile("decorator", "python", "a = 1\n@b\n‸def f(): pass\n", "python", "a = 1\n"),
    Hostile("attribute of Rust", "rust", "fn a() {}\n#[test]\n‸fn b() {}\n", "rust", "fn a() {}\n"),
    Hostile(
        "attribute of C#",
        "csharp",
        "class A {\n  [Test]\n  ‸void B() {}\n}\n",
        "csharp",
        "class A {\n",
    ),
    Hostile(
        "documentation",
        "java",
        "class A {\n  /** B. */\n  ‸void b() {}\n}\n",
        "java",
        "class A {\n",
    ),
    Hostile(
        "documentation in lines",
        "rust",
        "fn a() {}\n/// B.\n/// C.\n‸fn b() {}\n",
        "rust",
        "fn a() {}\n",
    ),
    Hostile(
        "go:generate", "go", "package a\n\n//go:noinline\n‸func f() {}\n", "go", "package a\n\n"
    ),
    Hostile("cgo", "go", 'package a\n\n// #include <b.h>\n‸import "C"\n', "go"),
    Hostile("comment of cgo", "go", 'package a\n\n‸// #include <b.h>\nimport "C"\n', "go"),
    Hostile(
        "block of cgo", "go", 'package a\n\n‸/*\n#include <b.h>\n\nint c;\n*/\nimport "C"\n', "go"
    ),
    Hostile(
        "import above cgo",
        "go",
        'package a\n\n‸import "b"\n\n// int c;\nimport "C"\n',
        "go",
        "package a\n\n",
    ),
    Hostile("NOLINTNEXTLINE", "cpp", "int a;\n// NOLINTNEXTLINE(b)\n‸int c;\n", "cpp", "int a;\n"),
    Hostile(
        "diagnostics of Lua",
        "lua",
        "local a\n---@diagnostic disable-next-line\n‸b()\n",
        "lua",
        "local a\n",
    ),
    Hostile("shellcheck", "shellscript", "a\n# shellcheck disable=SC2034\n‸b=1\n", "bash", "a\n"),
    Hostile("heredoc of Vim", "vim", "lua << EOF\n‸print(1)\nEOF\n", "vim"),
    Hostile(
        "line that goes on in Vim", "vim", "let a = 1\nlet b = 1 +\n  \\ ‸2\n", "vim", "let a = 1\n"
    ),
    Hostile("JSON", "json", '{\n  ‸"a": 1\n}\n', "json"),
    Hostile("plain text", "plaintext", "a\n‸b\n", "markdown"),
    Hostile("no language", "", "a\n‸b\n", "markdown"),
]

STRINGS = [
    ("csharp", 'class A { string b = @"\n‸c\n"; }\n'),
    ("csharp", 'class A { string b = """\n  ‸c\n  """; }\n'),
    ("kotlin", 'val a = """\n‸b\n"""\n'),
    ("scala", 'val a = """\n‸b\n"""\n'),
    ("groovy", "def a = '''\n‸b\n'''\n"),
    ("swift", 'let a = """\n‸b\n"""\n'),
    ("dart", "var a = '''\n‸b\n''';\n"),
    ("fsharp", 'let a = """\n‸b\n"""\n'),
    ("d", "auto a = `\n‸b\n`;\n"),
    ("zig", "const a =\n    \\\\b\n    ‸\\\\c\n;\n"),
    ("solidity", 'string a = "b\\\n‸c";\n'),
    ("haxe", 'var a = "b\n‸c";\n'),
    ("jsonnet", "{ a: |||\n  ‸b\n||| }\n"),
    ("cython", 'a = """\n‸b\n"""\n'),
    ("starlark", 'a = """\n‸b\n"""\n'),
    ("ruby", "a = %q(\n‸b\n)\n"),
    ("ruby", "f(<<~A, <<~B)\n  a\nA\n  ‸b\nB\n"),
    ("crystal", "a = <<-B\n‸c\nB\n"),
    ("perl", "my $a = q{\n‸b\n};\n"),
    ("perl", "my $a = '\n‸b\n';\n"),
    ("shellscript", 'a="\n‸b\n"\n'),
    ("shellscript", "cat <<-'B'\n\t‸c\n\tB\n"),
    ("fish", "set a '\n‸b\n'\n"),
    ("r", "a <- '\n‸b\n'\n"),
    ("r", 'a <- r"(\n‸b\n)"\n'),
    ("julia", 'a = """\n‸b\n"""\n'),
    ("yaml", 'a: "b\n  ‸c"\n'),
    ("yaml", "a:\n  - >-\n    b\n\n    ‸c\n"),
    ("dockerfile", "RUN <<EOF\n‸a\nEOF\n"),
    ("cmake", "set(A [[\n‸b\n]])\n"),
    ("cmake", 'set(A "\n‸b\n")\n'),
    ("elixir", 'a = """\n‸b\n"""\n'),
    ("elixir", "a = ~s(\n‸b\n)\n"),
    ("nim", 'let a = """\n‸b\n"""\n'),
    ("coffeescript", 'a = """\n‸b\n"""\n'),
    ("tcl", "set a {\n‸b\n}\n"),
    ("tcl", "switch $a {\n  ‸b { c }\n}\n"),
    ("graphql", '"""\n‸a\n"""\ntype A { b: Int }\n'),
    ("terraform", "a = <<EOT\n‸b\nEOT\n"),
    ("nix", "{ a = ''\n  ‸b\n''; }\n"),
    ("gdscript", 'var a = """\n‸b\n"""\n'),
    ("nginx", "log_format a 'b\n‸c';\n"),
    ("puppet", "$a = @(B)\n  ‸c\n  | B\n"),
    ("meson", "a = '''\n‸b\n'''\n"),
    ("haskell", "a = [r|\n‸b\n|]\n"),
    ("haskell", 'a = "b\\\n  ‸\\c"\n'),
    ("elm", 'a = """\n‸b\n"""\n'),
    ("purescript", 'a = """\n‸b\n"""\n'),
    ("clojure", '(def a "\n‸b")\n'),
    ("commonlisp", '(defvar a "\n‸b")\n'),
    ("elisp", '(defvar a "\n‸b")\n'),
    ("scheme", '(define a "\n‸b")\n'),
    ("racket", '(define a "\n‸b")\n'),
    ("latex", "\\begin{verbatim}\n‸a\n\\end{verbatim}\n"),
    ("erlang", 'a() -> "b\n‸c".\n'),
    ("prolog", "a('b\n‸c').\n"),
    ("ocaml", "let a = {|\n‸b\n|}\n"),
    ("ocaml", 'let a = "\n‸b"\n'),
    ("vb", 'Dim a = "\n‸b"\n'),
    ("fortran", "a = 'b&\n  ‸&c'\n"),
    ("vue", "<pre>\n‸a\n</pre>\n"),
    ("svelte", "<textarea>\n‸a\n</textarea>\n"),
    ("twig", "{% verbatim %}\n‸{{ a }}\n{% endverbatim %}\n"),
    ("css", "a { b: 'c\\\n‸d' }\n"),
    ("scss", "$a: 'b\\\n‸c';\n"),
    ("xml", "<a b='\n‸c'/>\n"),
    ("powershell", "$a = '\n‸b\n'\n"),
    ("lua", "a = [==[\n‸b\n]==]\n"),
    ("makefile", "define A =\n‸b\nendef\n"),
    ("ini", "[a]\nb =\n  c\n  ‸d\n"),
    ("properties", "a = b\\\n  ‸c\n"),
    ("applescript", 'set a to "b\n‸c"\n'),
    ("sql", "SELECT $$\n‸a\n$$;\n"),
    ("proto", "string a = 'b\\\n‸c';\n"),
    ("glsl", "#define A \\\n  ‸b\n"),
    ("verilog", "`define A \\\n  ‸b\n"),
]
"""Texts within texts; the comment stands above them or is refused."""
