/* A class file, as far as a call in it is to be led elsewhere: JVMS chapter 4. */
package plainsight.agent;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Changes the target of calls where they stand. The instruction keeps its length and what it gives, so that no jump, frame or
 * table of the method has to be told; all that is new stands behind the other constants.
 */
final class ClassFile {
    private static final int UTF8 = 1, LONG = 5, DOUBLE = 6, CLASS = 7, FIELD = 9, METHOD = 10, INTERFACE_METHOD = 11, NAME_AND_TYPE = 12;
    private static final int NOTHING = 0x00, GET_FIELD = 0xb4;
    private static final int TABLE_SWITCH = 0xaa, LOOKUP_SWITCH = 0xab, WIDE = 0xc4, INCREMENT = 0x84;
    /** Where the number of constants stands. */
    private static final int COUNT = 8;
    /**
     * The length of each instruction by its number, as a digit (JVMS 6.5); 0 for those that say it themselves, and for
     * numbers that are none.
     */
    private static final String LENGTHS =
            "1111111111111111" + "2323322222111111" + "1111111111111111" + "1111112222211111"
            + "1111111111111111" + "1111111111111111" + "1111111111111111" + "1111111111111111"
            + "1111311111111111" + "1111111113333333" + "3333333332001111" + "1133333335532311"
            + "3311043355000000";

    private final byte[] code;
    /** Where each constant stands; 0 behind one that takes two places. */
    private final int[] constants;
    private final int behindConstants;
    private final ByteArrayOutputStream added = new ByteArrayOutputStream();
    private int count;

    ClassFile(byte[] original) {
        code = original.clone();
        count = u2(COUNT);
        constants = new int[count];
        int at = COUNT + 2;
        for (int index = 1; index < count; index++) {
            constants[index] = at;
            int tag = u1(at);
            at += lengthOfConstant(tag, at);
            if (tag == LONG || tag == DOUBLE) {
                index++;
            }
        }
        behindConstants = at;
    }

    /**
     * Leads every call to a static method of the same name in another class; how many there are. One on what a field holds
     * gets the field's holder in its place: the field is read by the new method.
     */
    int lead(Call call, String to) {
        int method = indexOf(call);
        if (method == 0) {
            return 0;
        }
        List<int[]> found = new ArrayList<>();
        for (int body : bodies()) {
            find(body, call, method, found);
        }
        if (!found.isEmpty()) {
            int replacement = addMethod(to, call.name, call.replaced());
            for (int[] places : found) {
                if (call.holder != null) {
                    put(places[0], NOTHING, NOTHING << 8 | NOTHING);
                }
                put(places[1], Call.STATIC, replacement);
            }
        }
        return found.size();
    }

    private void put(int at, int instruction, int operand) {
        code[at] = (byte) instruction;
        code[at + 1] = (byte) (operand >> 8);
        code[at + 2] = (byte) operand;
    }

    /** The file as it is by now. */
    byte[] bytes() {
        ByteBuffer file = ByteBuffer.allocate(code.length + added.size());
        file.put(code, 0, behindConstants).put(added.toByteArray());
        file.put(code, behindConstants, code.length - behindConstants);
        return file.putShort(COUNT, (short) count).array();
    }

    private int indexOf(Call call) {
        for (int index = 1; index < constants.length; index++) {
            int at = constants[index];
            if (at == 0 || (u1(at) != METHOD && u1(at) != INTERFACE_METHOD)) {
                continue;
            }
            if (isNamed(at, call.owner, call.name) && text(u2(constants[u2(at + 3)] + 3)).equals(call.type)) {
                return index;
            }
        }
        return 0;
    }

    private boolean isNamed(int at, String owner, String name) {
        return text(u2(constants[u2(at + 1)] + 1)).equals(owner) && text(u2(constants[u2(at + 3)] + 1)).equals(name);
    }

    /** Where the code of each method stands, with its length before it. */
    private List<Integer> bodies() {
        List<Integer> bodies = new ArrayList<>();
        int at = behindConstants + 6;
        at += 2 + 2 * u2(at);
        for (int kind = 0; kind < 2; kind++) { // fields, then methods
            int members = u2(at);
            at += 2;
            for (int member = 0; member < members; member++) {
                int attributes = u2(at + 6);
                at += 8;
                for (int attribute = 0; attribute < attributes; attribute++) {
                    if (text(u2(at)).equals("Code")) {
                        bodies.add(at + 10);
                    }
                    at += 6 + s4(at + 2);
                }
            }
        }
        return bodies;
    }

    /** Adds the places of the field's reading and of the call, between which nothing but arguments is loaded. */
    private void find(int body, Call call, int method, List<int[]> found) {
        int begin = body + 4, end = begin + s4(body), read = 0;
        for (int at = begin; at < end; at += lengthOf(at, begin)) {
            if (u1(at) == call.instruction() && u2(at + 1) == method) {
                if (call.holder != null && read == 0) {
                    throw new IllegalArgumentException(call.name + " is called on something else");
                }
                found.add(new int[] {read, at});
            }
            if (call.holder != null && u1(at) == GET_FIELD && isNamed(constants[u2(at + 1)], call.holder, call.field)) {
                read = at;
            } else if (!isLoading(u1(at))) {
                read = 0;
            }
        }
    }

    /** Whether an instruction only loads a number or a reference from a variable. */
    private static boolean isLoading(int instruction) {
        return instruction == 0x15 || instruction == 0x19 || instruction >= 0x1a && instruction <= 0x1d
                || instruction >= 0x2a && instruction <= 0x2d;
    }

    private int lengthOf(int at, int begin) {
        int instruction = u1(at);
        int aligned = begin + ((at - begin) / 4 + 1) * 4;
        switch (instruction) {
            case TABLE_SWITCH:
                return aligned - at + 12 + 4 * (s4(aligned + 8) - s4(aligned + 4) + 1);
            case LOOKUP_SWITCH:
                return aligned - at + 8 + 8 * s4(aligned + 4);
            case WIDE:
                return u1(at + 1) == INCREMENT ? 6 : 4;
            default:
                int length = instruction < LENGTHS.length() ? LENGTHS.charAt(instruction) - '0' : 0;
                if (length == 0) {
                    throw new IllegalArgumentException("unknown instruction " + instruction);
                }
                return length;
        }
    }

    private int addMethod(String owner, String name, String type) {
        int of = add(CLASS, addText(owner));
        return add(METHOD, of, add(NAME_AND_TYPE, addText(name), addText(type)));
    }

    private int addText(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int index = add(UTF8, bytes.length);
        added.write(bytes, 0, bytes.length);
        return index;
    }

    private int add(int tag, int... words) {
        added.write(tag);
        for (int word : words) {
            added.write(word >> 8);
            added.write(word);
        }
        return count++;
    }

    private int lengthOfConstant(int tag, int at) {
        switch (tag) {
            case UTF8:
                return 3 + u2(at + 1);
            case CLASS: case 8: case 16: case 19: case 20: // and texts, types of methods, modules, packages
                return 3;
            case 15: // handles of methods
                return 4;
            case 3: case 4: case FIELD: case METHOD: case INTERFACE_METHOD: case NAME_AND_TYPE: case 17: case 18:
                return 5;
            case LONG: case DOUBLE:
                return 9;
            default:
                throw new IllegalArgumentException("unknown constant " + tag);
        }
    }

    private String text(int index) {
        int at = constants[index];
        return new String(code, at + 3, u2(at + 1), StandardCharsets.UTF_8);
    }

    private int u1(int at) {
        return code[at] & 0xff;
    }

    private int u2(int at) {
        return u1(at) << 8 | u1(at + 1);
    }

    private int s4(int at) {
        return u2(at) << 16 | u2(at + 2);
    }
}
