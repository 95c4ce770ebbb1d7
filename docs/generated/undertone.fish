# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_undertone_global_optspecs
    string join \n plain json log= log-level= config= h/help V/version
end

function __fish_undertone_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_undertone_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_undertone_using_subcommand
    set -l cmd (__fish_undertone_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c undertone -n "__fish_undertone_needs_command" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_needs_command" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_needs_command" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_needs_command" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_needs_command" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_needs_command" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "chat" -d 'Talk to someone by a spoken code: all in memory, or kept in a lasting profile'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "demo" -d 'Hold a conversation with a partner who answers, both ends on this machine'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "doctor" -d 'Say what this machine has and lacks. Safe to paste in public'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "profile" -d 'Make, list and destroy lasting profiles, and change their passwords'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "contact" -d 'List the contacts that a lasting profile keeps'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "request" -d 'List the requests that a lasting profile keeps'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "address" -d 'Say the address at which others can ask a lasting profile for a conversation'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "message" -d 'Print or search what a lasting profile keeps of conversations'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "backup" -d 'Write a lasting profile to one file, and make a profile of it again'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "config" -d 'Show each setting and where it was said: option, environment, file or default'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "ratchet" -d 'Encrypt messages, files and pipes end to end, over whatever carries bytes'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "otr" -d 'Talk with other programs by Off-the-Record messaging'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "licences" -d 'Show whose work is inside, and under which licence'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "completions" -d 'Write completions for a shell to standard output'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "man" -d 'Write the manual page to standard output'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s w -l with -d 'Go on with a contact that lasts: the name under which you see them, or their id' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l nick -d 'The name that your partner sees, for this conversation only' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l peer -d 'The name under which you see your partner; never sent' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l code-file -d 'Read the code from the first line of this file, or of standard input (`-`)' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l secret-file -d 'Read the check\'s secret from the first line of this file, or of standard input (`-`)' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l network -d 'Tor, or this machine\'s own sockets without anonymity [default: arti]' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other [default: default]' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s s -l serve -d 'Serve: propose a code and wait for the partner'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s c -l join -d 'Join: type the code that the partner said'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l keep -d 'Keep what comes of it in a lasting profile: the contact is there the next time'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l ephemeral -d 'Keep nothing: all of it in memory, gone when the program ends. So it is with a code and without `--keep` anyway; alone it begins with the choice of who says the code'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l smp -d 'Run the Socialist Millionaire check before the conversation'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l no-smp -d 'Don\'t ask for the check; it still runs if the partner wants it'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l script -d 'Send each line of this file, or of standard input (`-`), print both sides\' events as JSON lines, and fail if a line was not delivered' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l network -d 'Tor, or this machine\'s own sockets without anonymity' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other [default: default]' -r
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l network -d 'Tor, or this machine\'s own sockets without anonymity [default: arti]' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other [default: default]' -r
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l offline -d 'Don\'t look at the network'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -f -a "list" -d 'List the profiles of this machine'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -f -a "new" -d 'Make a profile'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -f -a "password" -d 'Put another password in place of the present one'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -f -a "destroy" -d 'Destroy a profile: its key first, then everything in it'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and not __fish_seen_subcommand_from list new password destroy path" -f -a "path" -d 'Show the folder that a profile is in'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l new-file -d 'The new password is the first line of this file' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l new-fd -d 'The new password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l new-none -d 'Do without one: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from destroy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand profile; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -f -a "list" -d 'List the contacts of a profile, the one with the newest message first'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and not __fish_seen_subcommand_from list delete" -f -a "delete" -d 'Delete a contact with all that was said, so that not even the decrypted files have it'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand contact; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand request; and not __fish_seen_subcommand_from list" -f -a "list" -d 'List the requests that came to a profile and those of its own, oldest first'
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand request; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand address" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand address" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand address" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand address" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand address" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand address" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand address" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand address" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand address" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand address" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -f -a "list" -d 'Print what was said with a contact, oldest first'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -f -a "export" -d 'Write what was said with a contact to a file that anybody can read'
complete -c undertone -n "__fish_undertone_using_subcommand message; and not __fish_seen_subcommand_from list export search" -f -a "search" -d 'Find words in all conversations, the newest message first'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l limit -d 'How many messages at most' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -s C -l context -d 'So many messages before and after each that was found, from its conversation' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand message; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -f -a "create" -d 'Write a profile to one file, under a passphrase of its own'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and not __fish_seen_subcommand_from create restore" -f -a "restore" -d 'Make a new profile of a backup, on this machine or another'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l passphrase-file -d 'The passphrase of the backup is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l passphrase-fd -d 'The passphrase of the backup is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l no-history -d 'Without messages, drafts and what waits to be sent: contacts alone'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l passphrase-file -d 'The passphrase of the backup is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l passphrase-fd -d 'The passphrase of the backup is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l profile -d 'Which lasting profile; without it, that of the settings, or that which was used last' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l password-file -d 'The password is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l password-fd -d 'The password is the next line of this open file descriptor' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l no-password -d 'There is no password: whoever can read the files of the profile can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand backup; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand config" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand config" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand config" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand config" -l example -d 'Write a file with every setting, its default and what it may be, as comments'
complete -c undertone -n "__fish_undertone_using_subcommand config" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand config" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "init" -d 'Begin a conversation: write a card for your partner, or answer theirs'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "list" -d 'List the conversations'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "encrypt" -d 'Encrypt standard input to standard output'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "decrypt" -d 'Decrypt standard input to standard output. Works once for each message'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "pipe" -d 'Talk both ways over a program that carries bytes, such as nc, socat or ssh'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "fingerprint" -d 'Show the fingerprint of a conversation: the same at both ends, if nobody is between'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "export" -d 'Move a conversation to a database of its own, for another machine'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "delete" -d 'Erase a conversation with its keys. What arrives for it later can\'t be read'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and not __fish_seen_subcommand_from init list encrypt decrypt pipe fingerprint export delete passphrase" -f -a "passphrase" -d 'Put another passphrase in place of the present one'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l peer -d 'The card that your partner gave you (`-`: standard input)' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l armor -d 'Write lines of text instead of bytes, for mail and the clipboard'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from encrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l output -d 'Write to this file, which appears when everything was found to be whole' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from pipe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l compare -d 'Compare it with the first line of standard input, and remember that it is the same'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from fingerprint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l to -d 'The database to make' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l to-passphrase-file -d 'The passphrase of that database is the first line of this file. Without this it is that of this database' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l yes -d 'Yes, for good'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l new-file -d 'The new passphrase is the first line of this file' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l db -d 'The database with your conversations [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l passphrase-file -d 'The passphrase is the first line of this file. Without this it is asked for on the terminal' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l passphrase-fd -d 'The passphrase is the next line of this open file descriptor; of standard input (0), the lines after it are what the command works on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l new-none -d 'Do without one: whoever can read the files of the database can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l no-passphrase -d 'The database has no passphrase: whoever can read its files can read everything'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand ratchet; and __fish_seen_subcommand_from passphrase" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and not __fish_seen_subcommand_from talk" -f -a "talk" -d 'Talk with another program that speaks OTR, over lines of text'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l listen -d 'Wait for a connection at a port of this machine, such as 5000 or [::1]:5000; with 0, at any port, which is said' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l connect -d 'Connect to a port of this machine' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l pipes -d 'Read lines from one named pipe or open file (/dev/fd/3) and write them to another' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l versions -d 'Versions that are spoken, such as 4 or 2,3,4 [default: 3,4]. The highest that both ends speak is taken' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l policy -d 'What happens without being asked' -r -f -a "require\t'Nothing leaves in the clear; the first text asks for a private conversation, and waits'
always\t'Nothing leaves in the clear, and offers of the other end are taken'
manual\t'Text leaves in the clear until somebody asks for a private conversation (/otr)'
opportunistic\t'The same, and offers are made and taken by invisible marks behind a text'
never\t'OTR is off: everything is text in the clear'"
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l max-line -d 'The longest line that the carrier takes, in bytes: longer messages go in pieces' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l key -d 'Take a key from this file of private keys of libotr (otr.private_key). Without it a fresh one is made and forgotten at the end' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l account -d 'The account whose key it is, where the file has several' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l our-name -d 'Your name on the carrier, which version 4 signs: both programs must have the same, such as ana@example.net. Two of this program need none' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l their-name -d 'The other end\'s name on the carrier, exactly as its program has it' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l stdio -d 'Standard input and output carry lines; you type at the terminal'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand otr; and __fish_seen_subcommand_from talk" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand man" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand man" -l log-level -d 'How much to log [default: info]' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand man" -l config -d 'Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone under $XDG_CONFIG_HOME]' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand man" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand man" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
