# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_undertone_global_optspecs
    string join \n plain json log= log-level= h/help V/version
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
complete -c undertone -n "__fish_undertone_needs_command" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_needs_command" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_needs_command" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_needs_command" -s V -l version -d 'Print version'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "chat" -d 'Talk to someone by a spoken code; everything stays in memory'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "demo" -d 'Hold a conversation with a partner who answers, both ends on this machine'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "doctor" -d 'Say what this machine has and lacks. Safe to paste in public'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "licences" -d 'Show whose work is inside, and under which licence'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "completions" -d 'Write completions for a shell to standard output'
complete -c undertone -n "__fish_undertone_needs_command" -f -a "man" -d 'Write the manual page to standard output'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l nick -d 'The name that your partner sees, for this conversation only' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l peer -d 'The name under which you see your partner; never sent' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l code-file -d 'Read the code from the first line of this file, or of standard input (`-`)' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l secret-file -d 'Read the check\'s secret from the first line of this file, or of standard input (`-`)' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l network -d 'Tor, or this machine\'s own sockets without anonymity' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s s -l serve -d 'Serve: propose a code and wait for the partner'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s c -l join -d 'Join: type the code that the partner said'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l smp -d 'Run the Socialist Millionaire check before the conversation'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l no-smp -d 'Don\'t ask for the check; it still runs if the partner wants it'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l script -d 'Send each line of this file, or of standard input (`-`), print both sides\' events as JSON lines, and fail if a line was not delivered' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l network -d 'Tor, or this machine\'s own sockets without anonymity' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other' -r
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l network -d 'Tor, or this machine\'s own sockets without anonymity' -r -f -a "arti\t'Tor, through the client inside this program'
local\t'Sockets of this machine: for trying things; no anonymity'"
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l tor-config -d 'A configuration for the Tor client, such as a test network\'s. Relaxes its permission checks, and the program says so' -r -F
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l local-name -d 'The name of the loopback network; ends with different names don\'t see each other' -r
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l offline -d 'Don\'t look at the network'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand licences" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c undertone -n "__fish_undertone_using_subcommand man" -l log -d 'Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on' -r
complete -c undertone -n "__fish_undertone_using_subcommand man" -l log-level -d 'How much to log' -r -f -a "warn\t'Only what went wrong'
info\t'What happened'
debug\t'What happened inside'"
complete -c undertone -n "__fish_undertone_using_subcommand man" -l plain -d 'Write lines instead of drawing a screen: for pipes and screen readers'
complete -c undertone -n "__fish_undertone_using_subcommand man" -l json -d 'Write one JSON object per line and read requests likewise; see docs/json'
complete -c undertone -n "__fish_undertone_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
