# The demo guest: what runs when the demo guest image is booted. It looks for the secret table where its image says
# that the secret area is, and tells on the serial console (COM1) which GUIDs it found and what they hold. It shows
# that a secret arrived; it keeps none.
#
# The image is 64 KiB of flash that ends at 4 GiB. Everything is written relative to `flash`, so that assembling needs
# no linker: as --32, then objcopy -O binary. The bytes are in image.ts, and a test holds them against this file.
#
# It would run on real SEV: without paging every access is private. Under SEV-ES on real hardware its `out`
# instructions would need a #VC handler, which it has not; there it is for launching and measuring only.

        .set    FLASH, 0xffff0000
        .set    STACK_TOP, 0x8000
        .set    SECRET_BASE, 0x810000
        .set    SECRET_SIZE, 0xc00
        .set    HASH_BASE, 0x810c00
        .set    HASH_SIZE, 0x400
        .set    COM1, 0x3f8
        .set    TABLE_SIZE, 4 + 18 + 2 * (8 + 18) + 18
        .set    HEADER, 20                      # of the table and of each entry: GUID 16, length 4

        .text
flash:

# --- 16-bit: reached from the reset vector, with CS at the last 64 KiB below 4 GiB ---------------------------------
        .code16
real_mode:
        cli
        cld
        lgdtl   %cs:gdt_pointer - flash
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $FLASH + protected_mode - flash

# --- 32-bit, flat, no paging ---------------------------------------------------------------------------------------
        .code32
protected_mode:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $STACK_TOP, %esp
        call    init_console

        movl    $HASH_BASE, %esi
        movl    $FLASH + hash_guid - flash, %edi
        call    same_guid
        jne     look_for_secrets
        movl    $FLASH + hashes_found - flash, %esi
        call    puts

look_for_secrets:
        movl    $SECRET_BASE, %esi
        movl    $FLASH + secret_guid - flash, %edi
        call    same_guid
        jne     nothing
        movl    SECRET_BASE + 16, %ecx          # the table's length
        cmpl    $HEADER, %ecx
        jb      nothing
        cmpl    $SECRET_SIZE, %ecx
        ja      nothing
        leal    SECRET_BASE(%ecx), %ebp         # ebp: the table's end
        movl    $FLASH + secrets_found - flash, %esi
        call    puts
        movl    $SECRET_BASE + HEADER, %ebx     # ebx: the entry

next_entry:
        movl    %ebp, %eax
        subl    %ebx, %eax                      # eax: bytes left
        cmpl    $HEADER, %eax
        jb      finished                        # fewer are padding
        movl    16(%ebx), %edx                  # edx: the entry's length
        cmpl    $HEADER, %edx
        jb      finished
        cmpl    %eax, %edx
        ja      finished
        call    put_guid
        movb    $' ', %al
        call    putc
        leal    HEADER(%ebx), %esi
        leal    (%ebx,%edx), %ebx               # on to the next entry, where this one's data ends
data:   cmpl    %ebx, %esi
        jae     end_of_data
        lodsb
        call    put_printable
        jmp     data
end_of_data:
        call    newline
        jmp     next_entry

nothing:
        movl    $FLASH + no_secrets - flash, %esi
        jmp     last_words
finished:
        movl    $FLASH + table_end - flash, %esi
last_words:
        call    puts
park:   cli
        hlt
        jmp     park

# Sets ZF when the 16 bytes at esi and edi are equal.
same_guid:
        movl    $16, %ecx
        repe    cmpsb
        ret

# Prints the GUID at ebx: its first three fields are stored little-endian.
put_guid:
        movl    $FLASH + guid_order - flash, %esi
1:      lodsb
        cmpb    $'-', %al
        je      2f
        cmpb    $16, %al
        jae     3f
        movzbl  %al, %eax
        movb    (%ebx,%eax), %al
        call    put_hex
        jmp     1b
2:      call    putc
        jmp     1b
3:      ret

# Prints al as it is where it is printable ASCII, and as \xNN where it is not; the backslash, too.
put_printable:
        cmpb    $' ', %al
        jb      1f
        cmpb    $'~', %al
        ja      1f
        cmpb    $'\\', %al
        jne     putc
1:      pushl   %eax
        movb    $'\\', %al
        call    putc
        movb    $'x', %al
        call    putc
        popl    %eax
put_hex:
        pushl   %eax
        shrb    $4, %al
        call    put_digit
        popl    %eax
        andb    $15, %al
put_digit:
        addb    $'0', %al
        cmpb    $'9', %al
        jbe     putc
        addb    $'a' - '9' - 1, %al
# Prints al.
putc:
        pushl   %edx
        pushl   %eax
        movw    $COM1 + 5, %dx
1:      inb     %dx, %al
        testb   $0x20, %al                      # room for a byte?
        jz      1b
        popl    %eax
        movw    $COM1, %dx
        outb    %al, %dx
        popl    %edx
        ret

newline:
        movl    $FLASH + line_end - flash, %esi
# Prints the text at esi, up to its zero.
puts:
        lodsb
        testb   %al, %al
        jz      1f
        call    putc
        jmp     puts
1:      ret

# 115,200 baud, 8 bits, no parity, no interrupts.
init_console:
        movw    $COM1 + 1, %dx
        xorb    %al, %al
        outb    %al, %dx
        movw    $COM1 + 3, %dx
        movb    $0x80, %al
        outb    %al, %dx
        movw    $COM1, %dx
        movb    $1, %al
        outb    %al, %dx
        incw    %dx
        xorb    %al, %al
        outb    %al, %dx
        movw    $COM1 + 3, %dx
        movb    $3, %al
        outb    %al, %dx
        ret

# --- Data ----------------------------------------------------------------------------------------------------------
        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff              # 8: code, flat
        .quad   0x00cf93000000ffff              # 16: data, flat
gdt_pointer:
        .word   gdt_pointer - gdt - 1
        .long   FLASH + gdt - flash

secret_guid:                                    # 1e74f542-71dd-4d66-963e-ef4287ff173b
        .byte   0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d, 0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b
hash_guid:                                      # 9438d606-4f22-4cc9-b479-a793d411fd21
        .byte   0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c, 0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21
guid_order:
        .byte   3, 2, 1, 0, '-', 5, 4, '-', 7, 6, '-', 8, 9, '-', 10, 11, 12, 13, 14, 15, 0xff

hashes_found:   .asciz  "Demo guest: kernel hashes found.\r\n"
secrets_found:  .asciz  "Demo guest: secret table found.\r\n"
no_secrets:     .asciz  "Demo guest: no secret table found.\r\n"
table_end:      .ascii  "Demo guest: end of table."
line_end:       .asciz  "\r\n"

# --- The table of GUIDs, which ends 32 bytes before the image's end ------------------------------------------------
        .org    0x10000 - 32 - TABLE_SIZE
table_start:
        .long   FLASH + park - flash            # SEV-ES reset block: other CPUs begin here, and rest
        .word   4 + 18
        .byte   0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f, 0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e
        .long   HASH_BASE, HASH_SIZE            # hash table area
        .word   8 + 18
        .byte   0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b, 0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54
        .long   SECRET_BASE, SECRET_SIZE        # secret area
        .word   8 + 18
        .byte   0x61, 0xb3, 0x2e, 0x4c, 0x9b, 0x7d, 0xc3, 0x4c, 0x80, 0x81, 0x12, 0x7c, 0x90, 0xd3, 0xd2, 0x94
        .word   TABLE_SIZE                      # footer
        .byte   0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d

# --- The reset vector ----------------------------------------------------------------------------------------------
        .org    0xfff0
        .code16
        .byte   0xe9                            # jmp real_mode: the 16-bit displacement wraps to the image's start
        .word   0x10000 - 0xfff3
        .org    0x10000
