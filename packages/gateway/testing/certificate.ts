/** A self-signed certificate for shop.localhost with its key: nothing trusts it, nothing depends on its staying secret. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBpTCCAUqgAwIBAgIUThuC2YuSImn8CvwpggwsFrjcsjkwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOc2hvcC5sb2NhbGhvc3QwIBcNMjYxMTIxMDMwODA1WhgPMjEy
NjEwMjgwMzA4MDVaMBkxFzAVBgNVBAMMDnNob3AubG9jYWxob3N0MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEreSG6obgyxuErO3HVieV21BKT/9QmwQWcHF1QPnw
WTKvr/xyNFTM+PT/7sb1qp66JA1p/ODhrqYv1ij5/aJBP6NuMGwwHQYDVR0OBBYE
FNJAKjklcaxPCNUkXWnU2bjLunCfMB8GA1UdIwQYMBaAFNJAKjklcaxPCNUkXWnU
2bjLunCfMA8GA1UdEwEB/wQFMAMBAf8wGQYDVR0RBBIwEIIOc2hvcC5sb2NhbGhv
c3QwCgYIKoZIzj0EAwIDSQAwRgIhAO0z8qXD1OVwA2BIz1tFAf6+qDV/CMRB3idC
oX2/5JXpAiEAxvb+lBQL28l9VeYwvAteUOF38kqpGPYmpqGGSz98NyY=
-----END CERTIFICATE-----
`;

export const privateKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzfTnqxsDqDAn4JKf
JsDwD59HDtKtae61UD3/ZfKHO92hRANCAASt5IbqhuDLG4Ss7cdWJ5XbUEpP/1Cb
BBZwcXVA+fBZMq+v/HI0VMz49P/uxvWqnrokDWn84OGupi/WKPn9okE/
-----END PRIVATE KEY-----
`;
