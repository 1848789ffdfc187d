# A service manager's end of NOTIFY_SOCKET, for tests: prints each message, its lines joined by a tab. Path first; "@name" is an abstract one.
# A descriptor that comes with a BARRIER is closed by the kernel, because nobody takes it: the sender is let go at once.
use strict;
use warnings;
use Socket;
$| = 1;
my ($path) = @ARGV;
$path =~ s/^@/\0/;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, pack_sockaddr_un($path)) or die "bind: $!";
print "listening\n";
while (defined recv($socket, my $message, 65536, 0)) {
  $message =~ s/\n/\t/g;
  print "$message\n";
}
