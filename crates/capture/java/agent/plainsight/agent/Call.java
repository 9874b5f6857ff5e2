/* A call that one class makes of another's method. */
package plainsight.agent;

/** Which method of which class is called, and how (JVMS 6.5). */
final class Call {
    static final int STATIC = 0xb8;
    static final int VIRTUAL = 0xb6;

    final String owner;
    final String name;
    final String type;
    /** Whose field it is that the method is called on; null for a static method. */
    final String holder;
    final String field;

    private Call(String owner, String name, String type, String holder, String field) {
        this.owner = owner;
        this.name = name;
        this.type = type;
        this.holder = holder;
        this.field = field;
    }

    /** A static method. */
    static Call of(String owner, String name, String type) {
        return new Call(owner, name, type, null, null);
    }

    /** A method of what a field holds. */
    Call on(String holder, String field) {
        return new Call(owner, name, type, holder, field);
    }

    int instruction() {
        return holder == null ? STATIC : VIRTUAL;
    }

    /** The type of the static method that is called in its place: the holder of the field becomes the first argument. */
    String replaced() {
        return holder == null ? type : "(L" + holder + ";" + type.substring(1);
    }
}
