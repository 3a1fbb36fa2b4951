#!/usr/bin/env python3
"""Writes the golden files of the tokenizer's tests, with Hugging Face's `tokenizers` 0.23 as the reference.

    make_tokenizer.py DATA_DIR [OUTPUT_DIR]

tokenizer-NAME.json      small tokenizers with unusual flags, made here
tokenizer-NAME.jsonl     [text, [id, …], [start, end, start, end, …]] by line, as encode() gives them
tokenizer-decode.jsonl   [[id, …], text] by line, as decode(skip_special_tokens=False) gives them for GPT-NeoX
tokenizer-classes.txt    code points by class: "FIRST CLASS" begins a run; L, N, S (white space) or O of the
                         pattern's regex engine, then w if \\w of the added tokens' engine

U+10FFFD in a text of a .jsonl file stands for NUL, which the test's JSON reader cannot carry.
"""
import json
import pathlib
import random
import sys

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

NUL_STAND_IN = "\U0010fffd"

SENTENCES = """The Eiffel Tower is located in
The Space Needle is located in downtown
The mother tongue of Angela Merkel is
Apple Inc. was founded by Steve
I'm sure they've said "it's 'fine'", haven't they? We'll see; he'd know, you're right.
DON'T SHOUT, IT'S 3'S TURN: I'VE 12'000 O'CLOCKS 'S 'T 'RE 'll'd'm
for (int i = 0; i < n; i++) { x[i] += 3.14e-10 * y[i]; }\t// a comment
def f(x):\n    if x:\n        return {"key": [1, 2, 3]}\n\n\nprint(f(0))
<html>\n  <body class="a">&nbsp;&amp;</body>\n</html>\n
Der Fluß fließt über Äcker; Vögel zwitschern, Größe: 1,5 m².
L’été, à Noël, le cœur de l’élève naïf fut ému — « déjà vu », dit-il.
El pingüino comió piñas en Logroño. ¿Dónde está el baño? ¡Aquí!
Não há coração sem emoção; amanhã virão irmãos.
Příliš žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń. Łódź, 1 września 1939.
Árvíztűrő tükörfúrógép. Kőszegi hűvösvölgy.
İstanbul'da ığdır çöğüşü; Iğdır İlçesi.
Þórður á Íslandi sagði: „Halló, heimur!“
Широкая электрификация южных губерний даст мощный толчок подъёму сельского хозяйства.
Ґанок, їжак, Єва й Україна — ой, не знаю.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Ἐν ἀρχῇ ἦν ὁ λόγος.
שָׁלוֹם עוֹלָם! בְּרֵאשִׁית בָּרָא אֱלֹהִים
السَّلَامُ عَلَيْكُمْ، كيف حالك؟ ١٢٣٤
سلام دنیا، چطوری؟ می‌خواهم ۱۲۳ گل بچینم.
नमस्ते दुनिया! क़िला, ज़मीन, १२३ रुपये।
আমি বাংলায় গান গাই। ড়, ঢ়, য়, কো
வணக்கம் உலகம்! கொ கௌ ஒள
ನಮಸ್ಕಾರ ಪ್ರಪಂಚ. ಕೊ ಕೋ
മലയാളം: കൊ കോ കൗ ക്ഷ
สวัสดีชาวโลก ที่นี่กรุงเทพฯ น้ำ ๑๒๓
ສະບາຍດີ ຊາວໂລກ
བཀྲ་ཤིས་བདེ་ལེགས། གྷ ཱི
မင်္ဂလာပါ ကမ္ဘာလောက
សួស្តី​ពិភពលោក
გამარჯობა მსოფლიო. ᲒᲐᲛᲐᲠᲯᲝᲑᲐ
Բարեւ աշխարհ և ողջույն
ሰላም ልዑል። ፩፪፫
ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ
你好，世界！今天是2024年1月1日，星期一。
臺灣的「繁體中文」：龍龜鬱。豈更車賈
こんにちは、世界！カタカナ・ひらがな・ガギグゲゴ・ぱぴぷぺぽ ｶﾞｷﾞ
안녕하세요 세계! 각힣 한글 ㄱㄴㄷㅏㅑ
Xin chào thế giới! Đường phố Hà Nội nghìn năm văn hiến ẩm thực.
Selamat pagi dunia, apa kabar?
Habari ya dunia? Ninakupenda sana.
Ẹ káàárọ̀, báwo ni? Ọjọ́ọ̀rú
ʻŌlelo Hawaiʻi; Māori kōrero; Gĩkũyũ
∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ∑_{i=0}^∞ 2⁻ⁱ = 2, ½ + ¼ ≠ Ⅷ ∴ Å ≡ Å, Ω ≡ Ω, K ≡ K
😀😃 👍🏽 👩‍👩‍👧‍👦 🇫🇷🇩🇪 ❤️ ☺︎ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🧑🏿‍🚀
①②③ ⅓ ٣ ௩ 〇 一二三 𝟘𝟙𝟚 ㊀ ⓐⓑ 🄰🅐🆎
https://user:pass@example.com:8080/path?q=a%20b&c=d#frag
0x7FFFFFFF 1_000_000 3.14159265358979 1e-5 ١٫٥ 12345678901234567890
AaBbCc camelCaseWord snake_case_word kebab-case-word SCREAMING_CASE""".replace("\\n", "\n").replace("\\t", "\t").split("\n")

NASTY = [
    "", " ", "  ", "   ", "\n", "\n\n", " \n", "\n ", "\r\n", "\t\t", "\0", "a\0b", "\0\0\0", " \0 ",
    "a ", " a", "a  b", "a   b", "a \n b", "a\n\n  b", " \t a", "'", "''", "'s", " 's", "''s", "'sS", "'ſ", "x'tt",
    "'r", "'re", "'ree", "'l", "'ll", "'v", "'ve", "’s",
    "e\u0301", "\u0301", "\u0301e", "e\u0301\u0301", "e\u0323\u0301", "e\u0301\u0323", "\u1e69", "s\u0307\u0323",
    "a\u0315\u0300\u05ae\u0300b", "\u0344", "\u0308\u0301", "\u0f73", "\u0f71\u0f72\u0f74", "\u0f76\u0f78", "\u2126\u212a\u212b",
    "\u1100\u1161", "\u1100\u1161\u11a8", "\uac00\u11a8", "\uac01\u11a8", "\u1100\u1100\u1161\u1161", "\uac00\u11a7",
    "\u0958\u095f", "\u09c7\u09be", "\u0b47\u0b3e", "\u0bc6\u0bbe", "\u0dd9\u0dca\u0dcf", "\u30cf\u309a", "\u304b\u3099", "\uff76\uff9e",
    "\uf900\uf901\ufa0e", "\U0002f800", "\U0001d15e", "\U00011099\U000110ba", "\U00011935\U00011930", "\U000105d2\u0307",
    "a\u0898\u0323", "a\u1acf\u0323", "\ufb1d\ufb2a\ufb4e", "\u2adc", "\ufeffa", "\u200ba\u200bb", "\u200d", "a\u200db",
    "\u00a0\u00a0a", "a\u00a0b", "\u2003\u2003a", "\u3000\u3000\u3000", "\u3000a", "\u1680a", "\u180ea", "\u2028a\u2029b", "\u0085a", "\x1c\x1d\x1e\x1f",
    " \u00a0 a", "\u00a0 a", " \u3000a", "\u202f1", "1 2", "1\u066b5", "12ab34", "½a", "a½", "x²", "ᵃᵇ", "_", "__init__", "a_b",
    "\u007f\u0080\u009f", "\ue000\uf8ff", "\ufffe\uffff", "\ufffd", "\U0010ffff", "\U000e0001", "\U0001f1e6", "\u1c89\ua7cb\U00010d40\U0002ebf0",
    "a" * 300, "ab" * 200, " " * 100, "\n" * 70, "!" * 130, "0" * 90, "é" * 90, "e\u0301" * 60, "😀" * 40, "한" * 70, "\u0301" * 60,
    "<|endoftext|>", "<|padding|>", "a<|endoftext|>b", " <|endoftext|> ", "<|endoftext|><|endoftext|>", "<|endoftext|", "<|endoftext|>\u0301", "e<|endoftext|>\u0301",
] + [" " * n + "x" for n in range(1, 30)] + ["x" + " " * n for n in range(1, 30)] + ["x" + " " * n + "\n" for n in range(1, 10)]

POOLS = [
    [chr(c) for c in range(0x61, 0x7b)],
    [chr(c) for c in range(0x20, 0x7f)],
    list("0123456789"),
    [" "] * 6 + ["\n", "\t", "\r", "\x0b", "\x0c", "\x85", "\xa0", "\u1680", "\u2000", "\u2009", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u180e", "\u200b", "\ufeff"],
    ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'", "'S", "’s"],
    [chr(c) for c in range(0x20)] + [chr(c) for c in range(0x7f, 0xa1)],
    [chr(c) for c in range(0xa1, 0x250)],
    list("aeiouAEIOUcCsSnNzZyYdDlLtThHkKrRgGwW") + [chr(c) for c in range(0x300, 0x370)] * 2,
    [chr(c) for c in range(0x300, 0x370)] + [chr(c) for a, b in ((0x483, 0x488), (0x591, 0x5c8), (0x610, 0x61b), (0x64b, 0x660), (0x6d6, 0x6ee), (0x898, 0x8a0), (0x8ca, 0x900), (0x1ab0, 0x1af1), (0x1dc0, 0x1e00), (0x20d0, 0x20f1), (0x302a, 0x3030), (0xfe20, 0xfe30), (0x10efd, 0x10f00), (0x1e8d0, 0x1e8d7), (0x1e944, 0x1e94b)) for c in range(a, b)],
    [chr(c) for c in range(0x1e00, 0x2000)],
    [chr(c) for c in range(0x370, 0x530)],
    [chr(c) for c in range(0x590, 0x700)],
    [chr(c) for c in range(0x900, 0xe00)],
    [chr(c) for c in (0x9c7, 0x9be, 0x9d7, 0xb47, 0xb3e, 0xb56, 0xb57, 0xbc6, 0xbca, 0xbbe, 0xbd7, 0xcc6, 0xcc2, 0xcd5, 0xcd6, 0xd46, 0xd3e, 0xd57, 0xdd9, 0xdca, 0xdcf, 0xddf, 0x93c, 0x928, 0x930, 0x933, 0x94d, 0x1025, 0x102e, 0x1b05, 0x1b35, 0x11099, 0x1109b, 0x110ba, 0x11131, 0x11127, 0x11347, 0x1133e, 0x11357, 0x114b9, 0x114ba, 0x114b0, 0x114bd, 0x115b8, 0x115af, 0x11935, 0x11930, 0x11938)],
    [chr(c) for c in range(0xe00, 0x1100)],
    [chr(c) for c in range(0x1100, 0x1200)],
    [chr(c) for c in (0x1100, 0x1102, 0x1112, 0x1161, 0x1175, 0x11a7, 0x11a8, 0x11c2, 0xac00, 0xac01, 0xac1c, 0xd7a3, 0xd788, 0x1113, 0x1176, 0x11c3)],
    [chr(c) for c in range(0xac00, 0xd7a4, 7)],
    [chr(c) for c in range(0x3040, 0x3100)] + ["\u3099", "\u309a"] * 30,
    [chr(c) for c in range(0x4e00, 0xa000, 3)],
    [chr(c) for c in range(0xf900, 0xfb50)] + [chr(c) for c in range(0x2f800, 0x2fa1e, 5)],
    [chr(c) for c in range(0x2000, 0x2c00)],
    [chr(c) for c in range(0x1f300, 0x1fb00)] + ["\u200d", "\ufe0f", "\U0001f3fd", "\u20e3"] * 40,
    [chr(c) for c in range(0x10000, 0x12600, 3)] + [chr(c) for c in range(0x16000, 0x17000, 3)],
    [chr(c) for c in range(0x1d000, 0x1f000, 2)],
]
WORDS = " ".join(SENTENCES).split(" ")


def random_texts(seed, n, extras=()):
    """n mixes of words, characters of one or several pools, any code points, spaces and extras."""
    rng = random.Random(seed)

    def piece(pools):
        kind = rng.random()
        if kind < 0.15:
            return rng.choice(WORDS)
        if kind < 0.3:
            return rng.choice([" ", " ", " ", "  ", "\n", " " * rng.randint(1, 30)])
        if kind < 0.4 and extras:
            return rng.choice(extras)
        if kind < 0.43:
            c = rng.choice([rng.randrange(0x3000), rng.randrange(0x110000)])
            return "" if 0xD800 <= c < 0xE000 else chr(c)
        pool = rng.choice(pools)
        return "".join(rng.choice(pool) for _ in range(rng.choice([1, 1, 1, 2, 3, 6])))

    texts = []
    for _ in range(n):
        pools = [rng.choice(POOLS) for _ in range(rng.randint(1, 4))]
        text = "".join(piece(pools) for _ in range(rng.randint(1, 14)))
        texts.append(text.replace(NUL_STAND_IN, ""))
    return texts


def train(vocabulary_size, alphabet, normalizer=None, **bpe):
    tokenizer = Tokenizer(models.BPE(**bpe))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [bpe["unk_token"]] if "unk_token" in bpe else []
    trainer = trainers.BpeTrainer(vocab_size=vocabulary_size, initial_alphabet=alphabet, special_tokens=special,
                                  show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def reloaded(description):
    return Tokenizer.from_str(json.dumps(description))


def synthetic():
    """Yields (name, tokenizer, texts of its added tokens)."""
    bytes_alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())

    # A space before every part, and added tokens with every flag.
    tokenizer = train(420, bytes_alphabet)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, trim_offsets=True)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=True)
    flags = {"l": {"lstrip": True}, "r": {"rstrip": True}, "w": {"single_word": True}}
    contents = []
    for normalized in (False, True):
        for names in ("", "l", "r", "w", "lr", "lw", "rw", "lrw"):
            contents.append("<%s%s>" % ("n" if normalized else "x", names))
            chosen = {k: v for name in names for k, v in flags[name].items()}
            tokenizer.add_tokens([AddedToken(contents[-1], normalized=normalized, special=not normalized, **chosen)])
    tokenizer.add_tokens([AddedToken("ing", single_word=True, normalized=True), AddedToken("in", normalized=True),
                          AddedToken("   ", normalized=True), AddedToken(" \n", rstrip=True, normalized=True)])
    yield "flags", tokenizer, contents + ["ing", "in", "   ", " \n", "<", ">", "x"]

    # As it is: no normalizer, no trimming, ids with gaps, merges as pairs.
    description = json.loads(train(380, bytes_alphabet).to_str())
    vocabulary = description["model"]["vocab"]
    description["model"]["vocab"] = {token: 3 * id + 1000 * (id % 2) for token, id in vocabulary.items()}
    description["model"]["merges"] = [pair.split(" ") if isinstance(pair, str) else pair for pair in description["model"]["merges"]]
    description["post_processor"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
    free = next(n for n in range(len(vocabulary), 9999) if n not in description["model"]["vocab"].values())
    assert free == len(vocabulary), free
    description["added_tokens"] = [{"id": free, "content": "<sep>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": False, "special": True}]
    yield "gaps", reloaded(description), ["<sep>"]

    # NFC twice over; added tokens that NFC changes; whole words that are tokens.
    tokenizer = train(400, bytes_alphabet, normalizers.Sequence([normalizers.NFC(), normalizers.NFC()]))
    contents = ["e\u0301\u0323", "\u212b", "é", "\u1100\u1161", "한국", "ra\u0308w"]
    tokenizer.add_tokens([AddedToken(c, normalized=True) for c in contents[:5]] + [AddedToken(contents[5], normalized=False)])
    description = json.loads(tokenizer.to_str())
    description["model"]["ignore_merges"] = True
    description["model"]["vocab"]["Ġlocated"] = len(description["model"]["vocab"]) + 50
    description["post_processor"] = {"type": "Sequence", "processors": [
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
         "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}], "special_tokens": {}}]}
    description["added_tokens"] = [dict(t, id=t["id"] + 1) for t in description["added_tokens"]]
    yield "nfc", reloaded(description), contents + ["e\u0323\u0301", "Å", "가", "räw", " located", "located"]

    # Bytes without a token: dropped, one unknown token each, or one for all (and no pattern).
    some_bytes = [c for i, c in enumerate(bytes_alphabet) if i % 3]
    for name, options in (("dropped", {}), ("unknown", {"unk_token": "<unk>"}), ("fused", {"unk_token": "<unk>", "fuse_unk": True})):
        description = json.loads(train(300, bytes_alphabet, **options).to_str())
        vocabulary = description["model"]["vocab"]
        gone = {c for c in bytes_alphabet if c not in some_bytes}
        keep = [t for t in vocabulary if t == "<unk>" or not gone & set(t)]
        description["model"]["vocab"] = {t: i for i, t in enumerate(keep)}
        description["model"]["merges"] = [m for m in description["model"]["merges"] if "".join(m).replace(" ", "") in description["model"]["vocab"]
                                          and all(p in description["model"]["vocab"] for p in (m.split(" ") if isinstance(m, str) else m))]
        description["added_tokens"] = [t for t in description["added_tokens"] if t["content"] in description["model"]["vocab"]]
        description["post_processor"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        if name == "fused":
            description["pre_tokenizer"]["use_regex"] = False
        yield name, reloaded(description), ["<unk>", "<", "\n"]


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", NUL_STAND_IN)


def write_encodings(path, tokenizer, texts):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for text in texts:
            encoding = tokenizer.encode(text)
            file.write(dump([text, encoding.ids, [x for span in encoding.offsets for x in span]]) + "\n")


def write_decodings(path, tokenizer, n):
    rng = random.Random(7)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for i in range(n):
            limit = rng.choice([260, 600, 50277, 50300])
            ids = [rng.randrange(limit) for _ in range(rng.randint(1, 12))]
            file.write(dump([ids, tokenizer.decode(ids, skip_special_tokens=False)]) + "\n")


def write_classes(path):
    pattern = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer = Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.add_tokens([AddedToken("x", single_word=True, normalized=False)])

    def classify(c):
        for letter, start in (("L", "aa"), ("N", "11"), ("O", "!!"), ("S", "\n")):
            if len(pattern.pre_tokenize_str(start + c)) == 1:
                return letter + ("" if 1 in tokenizer.encode(c + "x").ids else "w")
        raise ValueError(c)

    with open(path, "w", encoding="ascii", newline="\n") as file:
        previous = None
        for c in range(0x110000):
            if 0xD800 <= c < 0xE000:
                continue
            now = classify(chr(c))
            if now != previous:
                file.write("%x %s\n" % (c, now))
            previous = now


def main():
    data = pathlib.Path(sys.argv[1])
    output = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent)
    neox = Tokenizer.from_file(str(data / "tokenizers/gpt-neox-20b/tokenizer.json"))
    texts = NASTY + SENTENCES + random_texts(1, 2000, ["<|endoftext|>", "<|padding|>", "  ", "   "])
    write_encodings(output / "tokenizer-gpt-neox.jsonl", neox, texts)
    write_decodings(output / "tokenizer-decode.jsonl", neox, 500)
    for name, tokenizer, extras in synthetic():
        tokenizer.save(str(output / f"tokenizer-{name}.json"), pretty=False)
        mine = NASTY[:90] + SENTENCES[::4] + random_texts(name, 220, extras)
        write_encodings(output / f"tokenizer-{name}.jsonl", tokenizer, mine)
    write_classes(output / "tokenizer-classes.txt")


if __name__ == "__main__":
    main()
