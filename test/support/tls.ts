// A certificate of nobody's, for vendor.test and this machine, and its key. Made for these tests, good for a hundred years:
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -addext subjectAltName=DNS:vendor.test,IP:127.0.0.1

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBpjCCAU2gAwIBAgIULSrCP08sZ325z5U/1NtB+4sC92gwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOa2JzeW5jIHRlc3QgQ0EwIBcNMjYxMTIyMDA0OTU4WhgPMjEy
NjEwMjkwMDQ5NThaMBkxFzAVBgNVBAMMDmtic3luYyB0ZXN0IENBMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE1G3gcdJ8kYrI/VwKLI6VyCGpHXRzKTD4PkV5ZMKB
gbblHm3F4nhhVxch6dmV6oA2yNqkVuELpiGmmS8l3aytsKNxMG8wHQYDVR0OBBYE
FDbS/0qJFXDZNdYL+VqRIOCUZIIgMB8GA1UdIwQYMBaAFDbS/0qJFXDZNdYL+VqR
IOCUZIIgMBwGA1UdEQQVMBOCC3ZlbmRvci50ZXN0hwR/AAABMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgQd1lwKWYKRyYKJi1WwmdqTpkndgw1ytg
S9+yrfIMkroCIA9aClkdQEEV4WNGqYa64UeMQD+EPDeYXmfobV3KZYhe
-----END CERTIFICATE-----
`;

export const certificateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgixgYkAUDg9BRLjwQ
ZrAb48O/XBjAAn9/s/4I24HwAiehRANCAATUbeBx0nyRisj9XAosjpXIIakddHMp
MPg+RXlkwoGBtuUebcXieGFXFyHp2ZXqgDbI2qRW4QumIaaZLyXdrK2w
-----END PRIVATE KEY-----
`;
