//! What a step has to say beyond its one sentence: what happens, why it is so, and what would break without it.

use crate::lesson::Step;

/// The names of the three paragraphs.
pub const PARTS: [&str; 3] = ["Was geschieht", "Warum es so ist", "Was sonst nicht ginge"];

/// The three paragraphs of a step.
pub fn more(step: Step) -> [&'static str; 3] {
    match step {
        Step::Tokens => [
            "Der Satz wird an den Wortgrenzen zerlegt. Jedes Stück, ein Token, wird nach seiner Schreibung in Kleinbuchstaben nachgeschlagen und bekommt eine ganze Zahl: seine ID.",
            "Ein Modell rechnet mit Zahlen, nicht mit Buchstaben. Die ID sagt, welches Wort es ist, und sonst nichts: weder was es bedeutet noch wo es steht.",
            "Ohne IDs gäbe es nichts, wonach ein Embedding nachgeschlagen werden könnte. Und weil von einem Wort nur die ID bleibt, müssen zwei Schreibungen, die als eine gelten sollen, hier zu einer werden.",
        ],
        Step::Embed => [
            "Aus jedem Token wird eine Zeile von Zahlen, sein Embedding, das nur vom Wort abhängt. Die Zeile seiner Position wird Zahl für Zahl addiert. Die Summe ist X, eine Zeile je Token.",
            "Attention vergleicht Zeilen von Zahlen, also muss ein Wort eine sein. Außerdem nimmt sie alle Tokens auf einmal, ohne Reihenfolge; wo ein Token steht, muss in seiner Zeile stehen.",
            "Bei Positionen „keine“ wählen und die beiden „the“ ansehen: Ihre Zeilen von X sind gleich, also auch ihre Queries, Keys und Values, und ohne Maske kann nichts, was folgt, sie unterscheiden. „The cat sat on the mat“ und „the mat sat on the cat“ wären derselbe Sack voller Wörter.",
        ],
        Step::Project => [
            "Die Zeile jedes Tokens wird mit drei Matrizen multipliziert. Das ergibt eine Query, einen Key und einen Value, jeweils in so viele Teile geteilt, wie es Köpfe gibt.",
            "Ein Token spielt drei Rollen. Es sucht etwas (die Query), es ist an etwas zu finden (der Key), und es hat etwas weiterzugeben, sobald es gefunden ist (der Value). Mit drei Matrizen kann das Training jede davon für sich einstellen.",
            "Mit einer Matrix für alle drei würde jedes Token das suchen, was es selbst ist: Der Score eines Tokens mit sich selbst wäre immer hoch, und „cat sucht ein Verb“ ließe sich nicht ausdrücken.",
        ],
        Step::Scores => [
            "Die Query jedes Tokens trifft auf den Key jedes Tokens. Ihre Zahlen werden paarweise multipliziert und addiert: ein Skalarprodukt, ein Score für jedes Paar.",
            "Wo Query und Key gleiche Vorzeichen haben, sind die Produkte positiv und der Score wächst; wo sie verschieden sind, sinkt er. So sagt der Score, wie gut ein Key zu dem passt, was eine Query sucht, und eine Summe von Produkten leistet das für jede Breite.",
            "Ohne Scores müsste jedes Token von allen anderen gleich viel nehmen, was auch immer es sucht. Das wäre ein Durchschnitt, keine Attention.",
        ],
        Step::Scale => [
            "Jeder Score wird durch √D geteilt, die Wurzel aus der Breite eines Kopfes. Sonst geschieht nichts: Reihenfolge und Vorzeichen bleiben, wie sie sind.",
            "Ein Score addiert D Produkte. Sind die Zahlen unabhängig, heben Plus und Minus sich teils auf, und die Summe streut nicht D-mal, sondern √D-mal so weit wie ein Produkt; breitere Köpfe hätten also wildere Scores, nur weil sie breit sind. Die Division nimmt das wieder heraus.",
            "Bei Skalierung „keine“ wählen und die Softmax ansehen: Die Scores liegen weiter auseinander, und die größeren nehmen mehr von jeder Zeile; in breiten Köpfen nimmt der größte fast alles. Dann ändern kleine Änderungen der anderen nichts mehr, und das Training, das sehen muss, was eine kleine Änderung bewirkt, steht still.",
        ],
        Step::Mask => [
            "Manche Paare werden vor der Softmax gestrichen: Ihr Score wird auf −∞ gesetzt, sodass ihr Anteil genau 0 ist. Eine kausale Maske streicht alles, was später kommt; ein Fenster streicht, was zu weit weg ist.",
            "Ein Sprachmodell lernt, das nächste Wort zu erraten. Könnte es dieses Wort dabei ansehen, würde es abschreiben und nichts lernen. Auch Padding, das nur einen Batch auffüllt, wird gestrichen: Es bedeutet nichts.",
            "Ohne die Maske wären die Anteile verdeckter Keys nicht 0, sondern klein, und klein ist nicht nichts: Die Antwort sickerte in die Frage. Die Zeile hätte immer noch die Summe 1, also ginge ein Teil der Aufmerksamkeit an etwas, das nicht bekannt sein darf.",
        ],
        Step::Softmax => [
            "In jeder Zeile wird der größte Score gesucht und abgezogen, dann e mit dem Rest potenziert und jedes Ergebnis durch die Summe aller geteilt.",
            "Ein Token hat eine einzige Aufmerksamkeit und teilt sie auf: Also muss jeder Anteil positiv sein und eine Zeile die Summe 1 haben. Die Exponentialfunktion macht jede Zahl positiv und erhält die Reihenfolge; die Division durch die Summe macht daraus Teile eines Ganzen. Den größten Score abzuziehen ändert keinen Anteil, verhindert aber, dass die Exponentialwerte größer werden, als ein Computer sie schreiben kann.",
            "Mit den Scores selbst als Gewichten hätten die Zeilen irgendeine Summe, und negative zögen Values voneinander ab. Die Ergebnisse würden mit der Länge des Satzes wachsen, und von Schicht zu Schicht.",
        ],
        Step::Mix => [
            "Jedes Token nimmt einen Teil vom Value jedes Tokens, das es sehen darf: so viel, wie sein Anteil sagt. Addiert sind diese Teile seine neue Zeile, für diesen Kopf.",
            "Hier geben Tokens etwas aneinander weiter. Alles davor hat nur entschieden, wie viel; ein Token, das seine ganze Aufmerksamkeit einem anderen gibt, nimmt dessen Value ganz.",
            "Ohne diesen Schritt bliebe jedes Token mit seiner eigenen Zeile allein, und „it“ erführe nie, für welches Wort es steht.",
        ],
        Step::Output => [
            "Was die Köpfe gefunden haben, wird wieder nebeneinandergelegt, so breit wie das Modell, und mit einer letzten Matrix multipliziert. Das ergibt eine Zeile je Token, Y.",
            "Jeder Kopf hat seinen eigenen Teil der Queries und Keys betrachtet und konnte so etwas Eigenes suchen. Die letzte Matrix lässt die Funde zusammenwirken und bringt sie zurück in die Sprache von X, sodass der nächste Block dort beginnen kann, wo dieser endet. Ein Modell ist ein Stapel solcher Blöcke: Diese Seite zeigt einen. Aus den Zeilen des letzten errät es das nächste Wort.",
            "Ohne sie blieben die Funde eines Kopfes in ihren eigenen Spalten, und kein Token könnte verbinden, was zwei Köpfe gefunden haben.",
        ],
    }
}
