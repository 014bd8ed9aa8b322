import { describe, expect, it } from "vitest";
import { parsePosition, volumesIn } from "../../../src/recipes/library/position.ts";
import { seriesKey } from "../../../src/recipes/library/series/key.ts";
import { type LibraryTitle, readLibrary } from "../../../src/recipes/library/series/read-library.ts";
import { readTitle } from "../../../src/recipes/library/series/read-title.ts";

type Case = readonly [title: string, subtitle: string | null, name: string | null, position: string | null];

const book = (title: string, subtitle: string | null = null, id = title): LibraryTitle => {
  return { id, title, subtitle, authors: ["Some Body"], known: [] };
};
const volumes = (position: string | null) => volumesIn(parsePosition(position));

describe("a book alone", () => {
  const cases: readonly Case[] = [
    ["The Way of Kings", "The Stormlight Archive, Book 1", "The Stormlight Archive", "1"],
    ["Leviathan Wakes", "The Expanse, Book 1", "The Expanse", "1"],
    ["Storm Front: The Dresden Files, Book 1", null, "The Dresden Files", "1"],
    ["Old Man's War", null, null, null],
    ["Fahrenheit 451", null, null, null],
    ["1984", null, null, null],
    ["Catch-22", null, null, null],
    ["Apollo 13", null, null, null],
    ["2001: A Space Odyssey", null, null, null],
    ["11-22-63: A Novel", null, null, null],
    ["The 7 Habits of Highly Effective People: 30th Anniversary Edition", null, null, null],
    ["12 Rules for Life: An Antidote to Chaos", null, null, null],
    ["Station Eleven", "A Novel", null, null],
    ["The Girl with the Dragon Tattoo", "Millennium Series, Book 1", "Millennium", "1"],
    ["Red Mars", "Mars Trilogy, Book 1", "Mars Trilogy", "1"],
    ["Part of Your World", "A Novel", null, null],
    ["The Man Who Died Twice", "A Thursday Murder Club Mystery", "Thursday Murder Club", null],
    ["Book Lovers", null, null, null],
    ["One Hundred Years of Solitude", null, null, null],
    ["Band of Brothers", "E Company, 506th Regiment, 101st Airborne", null, null],
    ["The No. 1 Ladies' Detective Agency", null, null, null],
    ["The Complete Sherlock Holmes, Volume 2", null, "The Complete Sherlock Holmes", "2"],
    ["Harry Potter and the Sorcerer's Stone, Book 1", null, "Harry Potter", "1"],
    ["The Fellowship of the Ring: The Lord of the Rings, Book 1", null, "The Lord of the Rings", "1"],
    ["Die Zwerge", "Die Zwerge 1", "Die Zwerge", "1"],
    ["Der Marsianer", null, null, null],
    ["Die Herren von Winterfell", "Das Lied von Eis und Feuer 1", "Das Lied von Eis und Feuer", "1"],
    ["Die Gefährten", "Der Herr der Ringe 1", "Der Herr der Ringe", "1"],
    [
      "Harry Potter und der Stein der Weisen - Gesprochen von Rufus Beck",
      "Harry Potter 1",
      "Harry Potter",
      "1",
    ],
    ["Der Krieg der Zwerge: Die Zwerge 2", null, "Die Zwerge", "2"],
    ["Schneewittchen muss sterben", "Bodenstein & Kirchhoff 4", "Bodenstein & Kirchhoff", "4"],
    ["Perry Rhodan Neo 1: Sternenstaub", null, "Perry Rhodan Neo", "1"],
    ["Nebelsturm", "Öland-Reihe, Band 2", "Öland-Reihe", "2"],
    ["Nachtwind", "Die Nebelchroniken, Teil 2", "Die Nebelchroniken", "2"],
    ["Feuerherz: Das Drachenlied, Band 4", null, "Das Drachenlied", "4"],
    ["Le Prince: La Saga des Ombres, Tome 5", null, "La Saga des Ombres", "5"],
    ["Le Roi (La Saga des Ombres n°4)", null, "La Saga des Ombres", "4"],
    ["La Montaña (Las Sombras nº 2)", null, "Las Sombras", "2"],
    ["El Mar: Las Sombras, parte 3", null, "Las Sombras", "3"],
    ["The Complete Ember Throne: Books 1-6", null, "Ember Throne", "1-6"],
    ["Tintenherz: Tintenwelt-Trilogie, Band 1", null, "Tintenwelt-Trilogie", "1"],
    ["L'Assassin royal, tome 1 : L'apprenti assassin", null, "L'Assassin royal", "1"],
    ["Le Trône de fer", "Le Trône de fer, tome 1", "Le Trône de fer", "1"],
    ["Millénium - Tome 2", null, "Millénium", "2"],
    ["Fondation", "Le cycle de Fondation 1", "Le cycle de Fondation", "1"],
    ["El nombre del viento", "Crónica del asesino de reyes, Libro 1", "Crónica del asesino de reyes", "1"],
    ["Choque de reyes", "Canción de hielo y fuego, Vol. 2", "Canción de hielo y fuego", "2"],
    [
      "La sombra del viento: El cementerio de los libros olvidados, 1",
      null,
      "El cementerio de los libros olvidados",
      "1",
    ],
    ["L'amica geniale", "L'amica geniale 1", "L'amica geniale", "1"],
    ["Il trono di spade. Libro primo", null, "Il trono di spade", "1"],
    ["De zeven zussen", "De zeven zussen, deel 1", "De zeven zussen", "1"],
    ["A Guerra dos Tronos", "As Crônicas de Gelo e Fogo, Livro 1", "As Crônicas de Gelo e Fogo", "1"],
    ["ソードアート・オンライン 第3巻", null, "ソードアート・オンライン", "3"],
    ["転生したらスライムだった件 5巻", null, "転生したらスライムだった件", "5"],
    ["薬屋のひとりごと 2", null, "薬屋のひとりごと", "2"],
    ["本好きの下剋上 第二巻", null, "本好きの下剋上", "2"],
    ["Ведьмак. Книга 1. Последнее желание", null, "Ведьмак", "1"],
    ["The Final Empire (Mistborn, #1)", null, "Mistborn", "1"],
    ["Wool Omnibus (Silo #1-5)", null, "Silo", "1-5"],
    ["The Wheel of Time, Book 4: The Shadow Rising", null, "The Wheel of Time", "4"],
    ["The Expanse 03: Abaddon's Gate", null, "The Expanse", "3"],
    ["The Expanse 03 - Abaddon's Gate", null, "The Expanse", "3"],
    ["Discworld #8: Guards! Guards!", null, "Discworld", "8"],
    ["Heir to the Empire [Thrawn Trilogy, Vol. 1]", null, "Thrawn Trilogy", "1"],
    ["Fifty Shades Freed", "Book Three of the Fifty Shades Trilogy", "Fifty Shades Trilogy", "3"],
    ["Words of Radiance: Book Two of the Stormlight Archive", null, "The Stormlight Archive", "2"],
    ["Oathbringer", "The Third Book in the Stormlight Archive", "The Stormlight Archive", "3"],
    ["Nebelsturm", "Band 2 der Öland-Reihe", "Öland-Reihe", "2"],
    ["The Witcher Omnibus: The Witcher, Books 1-3", null, "The Witcher", "1-3"],
    ["Foundation and Empire", "Foundation, Book 2", "Foundation", "2"],
    ["The Sandman: Act II", null, "The Sandman", "2"],
    ["The Gunslinger", "The Dark Tower I", "The Dark Tower", "1"],
    ["Henry V", null, null, null],
    ["Malcolm X", null, null, null],
    ["Ender's Game: Special 20th Anniversary Edition", null, null, null],
    ["Beauty and the Beast", null, null, null],
    ["Sapiens", "A Brief History of Humankind", null, null],
    ["Becoming", null, null, null],
    ["Murderbot Diaries, Books 1 & 2", null, "Murderbot Diaries", "1-2"],
    ["The Murderbot Diaries: Volume Two", null, "The Murderbot Diaries", "2"],
    ["Rivers of London", "Rivers of London 1", "Rivers of London", "1"],
    ["Rendezvous with Rama", "Rama, Book 1", "Rama", "1"],
    ["Edgedancer", "From the Stormlight Archive, Book 2.5", "The Stormlight Archive", "2.5"],
    ["Dämmerschlaf", "Ein Kluftinger-Krimi 3", "Kluftinger", "3"],
    ["Zero Hour", "The Expanse (Book 0)", "The Expanse", "0"],
    ["Bobiverse, Book 1: We Are Legion", "We Are Bob", "Bobiverse", "1"],
    ["The Blade Itself", "The First Law: Book One", "The First Law", "1"],
    ["Before They Are Hanged", "The First Law Trilogy, Book 2", "The First Law", "2"],
    ["Gardens of the Moon", "The Malazan Book of the Fallen, Book 1", "The Malazan Book of the Fallen", "1"],
    ["Assassin's Apprentice", "The Farseer Trilogy, Book 1", "The Farseer", "1"],
    ["Skyward", null, null, null],
    ["Project Hail Mary", null, null, null],
    ["The Martian", null, null, null],
    ["Guns, Germs and Steel", "The Fate of Human Societies", null, null],
    ["Atomic Habits", "An Easy & Proven Way to Build Good Habits & Break Bad Ones", null, null],
    ["The Stormlight Archive, Books 1-3", null, "The Stormlight Archive", "1-3"],
    ["Expeditionary Force Series, Books 1-3", "Publisher's Pack", "Expeditionary Force", "1-3"],
    ["Columbus Day", "Expeditionary Force, Book 1", "Expeditionary Force", "1"],
    ["We Are Legion (We Are Bob)", "Bobiverse, Book 1", "Bobiverse", "1"],
    ["Heaven's River", "Bobiverse, Book 4", "Bobiverse", "4"],
    ["Wool", "Silo, Book 1", "Silo", "1"],
    ["Proven Guilty", "The Dresden Files, Book 8", "The Dresden Files", "8"],
    [
      "Side Jobs: Stories from the Dresden Files",
      "The Dresden Files, Book 12.5",
      "The Dresden Files",
      "12.5",
    ],
    ["A Memory Called Empire", "Teixcalaan, Book 1", "Teixcalaan", "1"],
    ["Dune", "Book One in the Dune Chronicles", "Dune Chronicles", "1"],
    ["The Eye of the World", "Book One of The Wheel of Time", "The Wheel of Time", "1"],
    ["New Spring", "The Wheel of Time Prequel", "The Wheel of Time", null],
    ["Dungeon Crawler Carl", "Dungeon Crawler Carl, Book 1", "Dungeon Crawler Carl", "1"],
    ["The Hobbit, or There and Back Again", null, null, null],
    ["Nevernight", "The Nevernight Chronicle, Book 1", "The Nevernight Chronicle", "1"],
    ["Der Schwarm", null, null, null],
    ["Die Tribute von Panem 2. Gefährliche Liebe", null, "Die Tribute von Panem", "2"],
    [
      "Die Känguru-Chroniken: Ansichten eines vorlauten Beuteltiers",
      "Die Känguru-Werke 1",
      "Die Känguru-Werke",
      "1",
    ],
    ["Otherland 1. Stadt der goldenen Schatten", null, "Otherland", "1"],
    ["Fuchsmord", "Kommissar Dühnfort 7", "Kommissar Dühnfort", "7"],
    ["Les Enfants de la Terre - tome 3 - Les Chasseurs de mammouths", null, "Les Enfants de la Terre", "3"],
    ["La Passe-Miroir 2", "Les disparus du Clairdelune", "La Passe-Miroir", "2"],
    [
      "El problema de los tres cuerpos",
      "Trilogía de los Tres Cuerpos 1",
      "Trilogía de los Tres Cuerpos",
      "1",
    ],
    ["Fundación (Ciclo de la Fundación 1)", null, "Ciclo de la Fundación", "1"],
    ["La ragazza nella nebbia", null, null, null],
    [
      "Il problema dei tre corpi",
      "Memoria del passato della Terra 1",
      "Memoria del passato della Terra",
      "1",
    ],
    ["Het diner", null, null, null],
    ["進撃の巨人 第1巻", null, "進撃の巨人", "1"],
    ["キングダム 12", null, "キングダム", "12"],
    ["Metro 2033", null, null, null],
    ["Ready Player Two", "A Novel", null, null],
    ["Blade Runner 2049", null, null, null],
    ["Level Up Zero: A GameLit Adventure", "Level Up, Book 0", "Level Up", "0"],
    ["The Last Kingdom", "The Saxon Tales, Book 1 (Unabridged)", "The Saxon Tales", "1"],
    ["Sharpe's Tiger: Book 1 of the Sharpe Series", null, "Sharpe", "1"],
    ["Master and Commander", "Aubrey/Maturin Series, Book 1", "Aubrey/Maturin", "1"],
    ["Post Captain", "Aubrey-Maturin 2", "Aubrey-Maturin", "2"],
    ["The Sword of Kaigen", "A Theonite War Story", "Theonite War", null],
    ["Kings of the Wyld", "The Band, Book 1", "The Band", "1"],
    ["Jade City", "The Green Bone Saga, Book 1", "The Green Bone Saga", "1"],
  ];
  it.each(cases)("%s | %s is %s, %s", (title, subtitle, name, position) => {
    const reading = readLibrary([book(title, subtitle)]).get(title)?.[0];
    expect(reading === undefined ? null : seriesKey(reading.name)).toBe(
      name === null ? null : seriesKey(name),
    );
    expect(volumes(reading?.position ?? null)).toEqual(volumes(position));
  });

  it.each<Case>([
    [
      "Ascendance of a Bookworm",
      "I'll Do Anything (Light Novel), Vol. 2",
      "Ascendance of a Bookworm: I'll Do Anything",
      "2",
    ],
    ["Theft of Swords", "Riyria Revelations, Volume 1", "Riyria Revelations", "1"],
    ["Overlord, Vol. 3", "The Bloody Valkyrie (Light Novel), Vol. 3", "The Bloody Valkyrie", "3"],
    ["Overlord", "Overlord (Light Novel), Vol. 4", "Overlord", "4"],
    ["Bakemonogatari: Monster Tale", "Monster Tales (Light Novel), Vol. 1", "Monster Tales", "1"],
    ["Some Title", "Light Novel, Vol. 5", "Some Title", "5"],
  ])("has a name cut in two where a light novel says so: %s | %s", (title, subtitle, name, position) => {
    const [read] = readTitle({ title, subtitle });
    expect([read?.name, read?.position]).toEqual([name, position]);
  });

  it.each([
    ["Sherlock Holmes: The Definitive Collection", "Sherlock Holmes"],
    ["The Beginning After the End: Publisher's Pack", "The Beginning After the End"],
    ["Mistborn: The Complete Trilogy", "Mistborn"],
    ["Silo – The Omnibus Edition", "Silo"],
    ["Ghost Stories: A Collection", undefined],
    ["Fantasy: The Complete Collection", undefined],
    ["Saga", undefined],
  ])("is in the series that it collects: %s", (title, name) => {
    expect(readTitle({ title, subtitle: null })[0]?.name).toBe(name);
  });

  it("has two series when two are stated, each with its own number", () => {
    const readings = readTitle({
      title: "Classroom of the Elite: Year 2 (Light Novel), Vol. 9.5",
      subtitle: "Classroom of the Elite (Light Novel), Book 25",
    });
    expect(readings.map(({ name, position }) => [name, position])).toEqual([
      ["Classroom of the Elite: Year 2", "9.5"],
      ["Classroom of the Elite", "25"],
    ]);
  });

  it("takes the title's volume over the subtitle's book when they disagree about one series", () => {
    const [reading] = readTitle({ title: "Min-Maxing: Volume 5", subtitle: "Min-Maxing, Book 6" });
    expect(reading?.position).toBe("5");
  });

  it("takes the subtitle's number when it is only more exact", () => {
    const [reading] = readTitle({
      title: "The Faraway Paladin: Volume 3 Primus",
      subtitle: "The Lord of the Rust Mountains (The Faraway Paladin, Book 3.1)",
    });
    expect(reading).toMatchObject({ name: "The Faraway Paladin", position: "3.1" });
  });
});

describe("a book in its library", () => {
  const read = (...books: readonly LibraryTitle[]) => {
    const readings = readLibrary(books);
    return books.map(({ id }) => {
      const [first] = readings.get(id) ?? [];
      return first === undefined ? null : [first.name, first.position];
    });
  };

  it("is the first volume when others continue its title", () => {
    expect(read(book("Master Class"), book("Master Class 2"), book("Master Class 3"))).toEqual([
      ["Master Class", "1"],
      ["Master Class", "2"],
      ["Master Class", "3"],
    ]);
  });

  it("is in no series by a high number alone, which no unit explains and no other book shares", () => {
    const titles = ["Tale of Cedar and 91", "Area 51", "Murder: At Room 42", "Saga, Book 42", "Towers 12"];
    expect(read(...titles.map((title) => book(title)))).toEqual([
      null,
      null,
      null,
      ["Saga", "42"],
      ["Towers", "12"],
    ]);
    expect(read(book("Dungeon Diving 91"), book("Dungeon Diving 92"))).toEqual([
      ["Dungeon Diving", "91"],
      ["Dungeon Diving", "92"],
    ]);
  });

  it("is no first volume when that place is taken", () => {
    const [bare] = read(book("Overlord", "A Companion"), book("Overlord, Vol. 1"), book("Overlord, Vol. 2"));
    expect(bare).toEqual(["Overlord", null]);
  });

  it("is nothing beside a book of that name by somebody else", () => {
    const other = { ...book("Legion 2"), authors: ["Somebody Else"] };
    expect(read(book("Legion"), other)).toEqual([null, ["Legion", "2"]]);
  });

  it("is in the series that its title begins with", () => {
    expect(
      read(
        book("The Lightning Thief", "Percy Jackson and the Olympians, Book 1"),
        book("Percy Jackson and the Olympians: The Chalice of the Gods"),
      )[1],
    ).toEqual(["Percy Jackson and the Olympians", null]);
  });

  it("has a name that was cut in two put together", () => {
    expect(
      read(
        book("Mushoku Tensei: Jobless Reincarnation, Vol. 4"),
        book("Mushoku Tensei", "Jobless Reincarnation (Light Novel), Vol. 3"),
      )[1],
    ).toEqual(["Mushoku Tensei: Jobless Reincarnation", "3"]);
  });

  it("is in the longer of two names of which one ends with the other, unless more books have the shorter", () => {
    const [realms, moving] = [
      "Forgotten Realms: Transitions, Volume 2",
      "Forgotten Realms: Transitions, Volume 3",
    ];
    expect(read(book("The Orc King", "Transitions, Book I"), book(realms), book(moving))[0]).toEqual([
      "Forgotten Realms: Transitions",
      "I",
    ]);
    const [one, two] = [book("Feuerherz", "Das Lied, Band 1"), book("Eisherz", "Das Lied 2")];
    expect(read(one, two, book("Steinherz: Das Lied, Volume 3")).slice(0, 2)).toEqual([
      ["Das Lied", "1"],
      ["Das Lied", "2"],
    ]);
  });

  it("has a misprint corrected after the other volumes", () => {
    expect(
      read(
        book("Mushoku Tensei: Jobless Reincarnation, Vol. 4"),
        book("Mushoku Tensei: Jobless Reincarnation, Vol. 5"),
        book("Mushoku Tensei: Jobless Reincarnatio, Vol. 18"),
      )[2],
    ).toEqual(["Mushoku Tensei: Jobless Reincarnation", "18"]);
  });

  it("joins two spellings that a third book puts side by side", () => {
    const readings = read(
      book("Arc the SS Tier Heroine 1"),
      book("Arc: The SS Tier Heroine 2", "Arc, Book 2"),
      book("Arc the SS Tier Heroine Book 3", "Arc, Book 3"),
    );
    expect(readings).toEqual([
      ["Arc", "1"],
      ["Arc", "2"],
      ["Arc", "3"],
    ]);
  });

  it("goes by the series that better sources know, in their spelling", () => {
    const known = { ...book("Dissonance"), known: [{ name: "UNBOUND", position: "1" }] };
    expect(read(known, book("Silence", "Unbound, Book 2"))).toEqual([null, ["UNBOUND", "2"]]);
  });

  it("counts courses only where there are several", () => {
    expect(read(book("Dungeon Diving 101"))).toEqual([null]);
    expect(read(book("Dungeon Diving 101"), book("Dungeon Diving 102"))[0]).toEqual([
      "Dungeon Diving",
      "101",
    ]);
  });
});

describe("works that everybody knows", () => {
  it.each([
    ["The Fellowship of the Ring", "J.R.R. Tolkien", "The Lord of the Rings", "1"],
    ["The Lord of the Rings: The Two Towers", "J. R. R. Tolkien", "The Lord of the Rings", "2"],
    ["The Return of the King (Unabridged)", "J.R.R. Tolkien", "The Lord of the Rings", "3"],
    ["The Lord of the Rings", "J.R.R. Tolkien", "The Lord of the Rings", "1-3"],
    ["Harry Potter and the Sorcerer's Stone", "J.K. Rowling", "Harry Potter", "1"],
    ["Harry Potter and the Goblet of Fire, Book 4", "J.K. Rowling", "Harry Potter", "4"],
  ])("%s by %s is %s %s without asking anybody", (title, author, name, position) => {
    const [reading] = readLibrary([{ ...book(title), authors: [author] }]).get(title) ?? [];
    expect(reading).toMatchObject({ name, position });
  });

  it("are known by their title alone, whoever reads it", () => {
    const read = (title: string, authors?: readonly string[]) =>
      readTitle({ title, subtitle: null, ...(authors === undefined ? {} : { authors }) })[0];
    expect(read("Harry Potter and the Sorcerer’s Stone (Full-Cast Edition)")).toMatchObject({
      name: "Harry Potter",
      position: "1",
    });
    expect(read("The Two Towers", ["J. R. R. Tolkien"])).toMatchObject({ position: "2" });
    expect(read("The Two Towers", ["Some Body"])).toBeUndefined();
  });

  it("are not those of another author", () => {
    expect(readLibrary([{ ...book("The Return of the King"), authors: ["Jane Doe"] }]).size).toBe(0);
  });
});
