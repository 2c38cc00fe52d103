import Model
import Testing

@Suite("Names of tables")
struct TableNameTests {
    @Test("a composed and a decomposed name are two names")
    func spelling() {
        let (one, other) = (TableName("public.caf\u{E9}"), TableName("public.cafe\u{301}"))
        #expect(one != other && Set([one, other, one]).count == 2)
        #expect((one < other) != (other < one))
    }

    @Test("the first full stop divides schema and table, whatever combines with it")
    func division() {
        for (text, schema, name) in [
            ("audit.log", "audit", "log"), ("log", "public", "log"), ("a.b.c", "a", "b.c"),
            ("audit.\u{301}log", "audit", "\u{301}log"), ("é.", "é", ""),
        ] {
            let table = TableName(text)
            #expect(table.schema.utf8.elementsEqual(schema.utf8) && table.name.utf8.elementsEqual(name.utf8))
        }
    }
}
