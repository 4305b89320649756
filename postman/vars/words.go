package vars

import (
	"fmt"
	"strings"
	"unicode"
)

const (
	firstNames   = "Ada Alan Amina Anton Bela Carla Chidi Clara Dante Dora Edgar Elena Emil Fatima Felix Frida Greta Hana Hugo Ines Ivan Jana Jonas Kemal Lara Leon Lucia Marta Milo Nadia Nils Olga Omar Petra Quinn Rosa Samir Sara Tariq Uma Vera Viktor Wanda Yara Zoe"
	lastNames    = "Abel Adler Baker Becker Bishop Brandt Castro Cole Dahl Diaz Ekberg Farah Fischer Garcia Grant Hahn Hughes Ivanov Jansen Keller Kim Kovacs Lange Lopez Maier Mendes Nagy Novak Okafor Olsen Patel Peters Quist Reyes Rossi Sato Schmidt Silva Tanaka Turner Ueda Vogel Weber Young Zimmer"
	countries    = "Albania|Argentina|Australia|Austria|Belgium|Brazil|Canada|Chile|Croatia|Denmark|Ecuador|Egypt|Estonia|Finland|France|Germany|Ghana|Greece|Hungary|Iceland|India|Ireland|Italy|Japan|Kenya|Latvia|Mexico|Morocco|Netherlands|New Zealand|Norway|Peru|Poland|Portugal|Romania|Senegal|Spain|Sweden|Switzerland|Turkey|Uruguay|Vietnam"
	countryCodes = "AT AU BE BR CA CH CL CZ DE DK EE ES FI FR GB GH GR HR HU IE IN IS IT JP KE LT LV MA MX NL NO NZ PE PL PT RO SE SI SK TR US UY VN ZA"
	locales      = "af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tr uk ur uz vi wa xh yi yo zh zu"
	lorem        = "ab accusamus ad adipisci alias aliquam amet animi aperiam architecto asperiores at aut autem beatae blanditiis commodi consequatur corporis culpa cum cupiditate debitis delectus deserunt dicta dolor dolore dolorem doloribus ducimus ea earum eius enim eos est et eum eveniet ex excepturi expedita facere fuga harum hic id illo in ipsa iste iure labore laborum libero magnam maxime minima modi molestiae nam natus nemo nihil non nostrum odio officia omnis optio pariatur perferendis placeat possimus quae quam quas qui quia quidem quis quo ratione rem rerum saepe sed similique sint sit sunt tempora totam ullam unde ut vel veniam vero vitae voluptas voluptate"

	colors        = "red|green|blue|yellow|purple|mint green|teal|white|black|orange|pink|grey|maroon|violet|turquoise|tan|sky blue|salmon|plum|orchid|olive|magenta|lime|ivory|indigo|gold|fuchsia|cyan|azure|lavender|silver"
	departments   = "Automotive Baby Beauty Books Clothing Computers Electronics Games Garden Grocery Health Home Industrial Jewelery Kids Movies Music Outdoors Shoes Sports Tools Toys"
	adjectives    = "Awesome Ergonomic Fantastic Generic Gorgeous Handcrafted Handmade Incredible Intelligent Licensed Practical Refined Rustic Sleek Small Tasty Unbranded"
	materials     = "Concrete Cotton Fresh Frozen Granite Metal Plastic Rubber Soft Steel Wooden"
	products      = "Bacon Ball Bike Car Chair Cheese Chicken Chips Computer Fish Gloves Hat Keyboard Mouse Pants Pizza Salad Sausages Shirt Shoes Soap Table Towels Tuna"
	catchAdj      = "Adaptive Advanced Assimilated Automated Balanced Centralized Configurable Decentralized Devolved Distributed Enhanced Expanded Focused Fundamental Horizontal Integrated Inverse Managed Networked Open-source Optimized Persistent Proactive Programmable Reactive Robust Seamless Secured Sharable Streamlined Synchronised Team-oriented Universal Upgradable Versatile Virtual Visionary"
	catchWords    = "24/7|actuating|analyzing|asymmetric|asynchronous|bandwidth-monitored|bottom-line|client-driven|client-server|cohesive|composite|context-sensitive|discrete|dynamic|even-keeled|executive|fault-tolerant|global|grid-enabled|high-level|human-resource|hybrid|impactful|incremental|interactive|local|logistical|mission-critical|mobile|modular|multi-state|needs-based|neutral|next generation|object-oriented|optimizing|real-time|responsive|scalable|stable|systematic|tangible|upward-trending|user-facing|value-added|web-enabled|zero defect"
	catchNouns    = "ability|access|adapter|algorithm|alliance|application|approach|architecture|archive|array|benchmark|capability|challenge|circuit|collaboration|complexity|concept|conglomeration|contingency|core|database|definition|encoding|encryption|extranet|firmware|focus group|forecast|framework|function|groupware|hardware|hierarchy|hub|implementation|initiative|instruction set|interface|intranet|knowledge base|local area network|matrix|methodology|middleware|migration|model|moderator|monitoring|neural-net|orchestration|paradigm|parallelism|policy|portal|pricing structure|productivity|project|protocol|secured line|service-desk|software|solution|standardization|strategy|structure|success|support|synergy|throughput|time-frame|toolset|utilisation|website|workforce"
	bsAdj         = "24/365 B2B B2C best-of-breed bleeding-edge bricks-and-clicks clicks-and-mortar collaborative compelling cross-media cross-platform cutting-edge distributed dot-com dynamic e-business efficient end-to-end enterprise extensible frictionless front-end global granular holistic impactful innovative integrated interactive intuitive killer leading-edge magnetic mission-critical next-generation one-to-one open-source out-of-the-box plug-and-play proactive real-time revolutionary rich robust scalable seamless sexy sticky strategic synergistic transparent turn-key ubiquitous user-centric value-added vertical viral virtual visionary web-enabled wireless world-class"
	bsVerbs       = "aggregate architect benchmark brand cultivate deliver deploy disintermediate drive e-enable embrace empower enable engage engineer enhance envisioneer evolve expedite exploit extend facilitate generate grow harness implement incentivize incubate innovate integrate iterate leverage maximize mesh monetize morph optimize orchestrate productize recontextualize redefine reintermediate reinvent repurpose revolutionize scale seize strategize streamline syndicate synergize synthesize target transform transition unleash utilize visualize whiteboard"
	bsNouns       = "ROI action-items applications architectures bandwidth blockchains channels communities content convergence deliverables e-business e-commerce e-markets e-services e-tailers experiences eyeballs functionalities infomediaries infrastructures initiatives interfaces markets methodologies metrics mindshare models networks niches paradigms partnerships platforms portals relationships schemas solutions supply-chains synergies systems technologies users vortals web-readiness"
	abbreviations = "ADP AGP AI API ASCII CLI COM CSS DNS DRAM EXE FTP GB HDD HTTP IB IP JBOD JSON OCR PCI PNG RAM RSS SAS SCSI SDD SMS SMTP SQL SSL TCP THX TLS UDP USB UTF8 VGA XML XSS"
	hackerAdj     = "1080p auxiliary back-end bluetooth cross-platform digital haptic mobile multi-byte neural online open-source optical primary redundant solid virtual wireless"
	hackerNouns   = "alarm application array bandwidth bus capacitor card circuit driver feed firewall hard-drive interface matrix microchip monitor panel pixel port program protocol sensor system transmitter"
	hackerVerbs   = "back-up bypass calculate compress connect copy generate hack index input navigate override parse program quantify reboot synthesize transmit"
	hackerIng     = "backing-up bypassing calculating compressing connecting copying generating hacking indexing navigating overriding parsing programming quantifying rebooting synthesizing transmitting"
	accounts      = "Savings|Money Market|Investment|Home Loan|Credit Card|Auto Loan|Personal Loan|Checking"
	currencies    = "Euro|Pound Sterling|Yen|Swiss Franc|US Dollar|Danish Krone|Norwegian Krone|Swedish Krona|Zloty|Forint|Czech Koruna|Rand|Naira|Indian Rupee|Brazilian Real|Mexican Peso"
	currencyCodes = "EUR GBP JPY CHF USD DKK NOK SEK PLN HUF CZK ZAR NGN INR BRL MXN"
	directories   = "/Applications /bin /boot /dev /etc /etc/defaults /etc/mail /home /home/user /lib /Library /media /mnt /opt /opt/bin /opt/share /private/var /proc /root /sbin /srv /sys /System /tmp /Users /usr /usr/bin /usr/include /usr/lib /usr/libexec /usr/local/bin /usr/local/src /usr/ports /usr/sbin /usr/share /usr/src /var /var/log /var/mail /var/spool /var/tmp"
	commonExts    = "gif htm html jpe jpeg jpg m1v m2a mp2 mp3 mp4 mp4v mpeg mpg mpga pdf png wav"
	exts          = "atom bz2 css csv doc docx epub exe gz ics jar js json key latex md mid odp ods odt otf p12 pem pgp ppt ps py rdf rtf sh svg tar tex torrent ttf txt vcf webm woff xls xlsx xml yaml zip"
	mimeTypes     = "application/atom+xml application/gzip application/json application/msword application/octet-stream application/pdf application/rtf application/xml application/zip audio/mpeg audio/ogg audio/x-wav font/woff image/bmp image/gif image/jpeg image/png image/svg+xml message/rfc822 model/gltf+json text/calendar text/css text/csv text/html text/plain video/mp4 video/mpeg video/webm"
	userAgents    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:V.V) Gecko/20100101 Firefox/V.V|Mozilla/5.0 (X11; Linux x86_64; rv:V.V) Gecko/20100101 Firefox/V.V|Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/V.V Safari/537.36"
	jobLevels     = "Lead Senior Direct Corporate Dynamic Future Product National Regional District Central Global Customer Investor International Legacy Forward Internal Human Chief Principal"
	jobAreas      = "Solutions Program Brand Security Research Marketing Directives Implementation Integration Functionality Response Paradigm Tactics Identity Markets Group Division Applications Optimization Operations Infrastructure Intranet Communications Web Branding Quality Assurance Mobility Accounts Data Creative Configuration Accountability Interactions Factors Usability Metrics"
	jobTypes      = "Supervisor Associate Executive Liaison Officer Manager Engineer Specialist Director Coordinator Administrator Architect Analyst Designer Planner Orchestrator Technician Developer Producer Consultant Assistant Facilitator Agent Representative Strategist"
)

func choose(list string) func() string { return func() string { return oneOf(list) } }

func image(kind string) func() string {
	return func() string { return "http://placeimg.com/640/480" + kind }
}

// words are the dynamic variables that are made of lists.
var words = map[string]func() string{
	"$randomLocale": choose(locales), "$randomColor": choose(colors), "$randomDepartment": choose(departments),
	"$randomProductAdjective": choose(adjectives), "$randomProductMaterial": choose(materials), "$randomProduct": choose(products),
	"$randomProductName":   func() string { return oneOf(adjectives) + " " + oneOf(materials) + " " + oneOf(products) },
	"$randomWord":          word,
	"$randomWords":         func() string { return repeat(between(2, 5), " ", word) },
	"$randomDirectoryPath": choose(directories),
	"$randomFilePath":      func() string { return oneOf(directories) + "/" + fileName(exts) },

	"$randomCity": func() string {
		return oneOf("North |South |East |West |New |Lake |Port |||||") + oneOf(lastNames) + oneOf("town ton land ville burgh borough bury view port mouth stad furt chester fort haven side shire")
	},
	"$randomStreetName":    streetName,
	"$randomStreetAddress": func() string { return template(oneOf("### #### #####")) + " " + streetName() },
	"$randomCountry":       choose(countries), "$randomCountryCode": choose(countryCodes),

	"$randomCompanyName": func() string {
		return oneOf(lastNames) + oneOf(" - | and | ") + oneOf(lastNames) + oneOf("|| LLC| Group| Inc")
	},
	"$randomCompanySuffix": choose("Inc|and Sons|LLC|Group"),
	"$randomCatchPhrase":   func() string { return oneOf(catchAdj) + " " + oneOf(catchWords) + " " + oneOf(catchNouns) },
	"$randomBs":            func() string { return oneOf(bsVerbs) + " " + oneOf(bsAdj) + " " + oneOf(bsNouns) },

	"$randomCatchPhraseAdjective": choose(catchAdj), "$randomCatchPhraseDescriptor": choose(catchWords), "$randomCatchPhraseNoun": choose(catchNouns),
	"$randomBsAdjective": choose(bsAdj), "$randomBsBuzz": choose(bsVerbs), "$randomBsNoun": choose(bsNouns),

	"$randomDatabaseColumn":    choose("id title name email phone token group category password comment avatar status createdAt updatedAt"),
	"$randomDatabaseType":      choose("int varchar text date datetime tinyint time timestamp smallint serial bigint point real double float decimal binary enum bit boolean blob geometry set"),
	"$randomDatabaseCollation": choose("utf8_unicode_ci utf8_general_ci utf8_bin ascii_bin ascii_general_ci cp1250_bin cp1250_general_ci"),
	"$randomDatabaseEngine":    choose("InnoDB MyISAM MEMORY CSV BLACKHOLE ARCHIVE"),

	"$randomBankAccountName": func() string { return oneOf(accounts) + " Account" },
	"$randomTransactionType": choose("deposit withdrawal payment invoice"),
	"$randomCurrencyCode":    choose(currencyCodes), "$randomCurrencyName": choose(currencies), "$randomCurrencySymbol": choose("$ € £ ¥ kr zł Ft Kč R ₦ ₹ ₺"),

	"$randomAbbreviation": choose(abbreviations), "$randomAdjective": choose(hackerAdj), "$randomNoun": choose(hackerNouns),
	"$randomVerb": choose(hackerVerbs), "$randomIngverb": choose(hackerIng), "$randomPhrase": phrase,

	"$randomAvatarImage": func() string { return "https://cdn.fakercloud.com/avatars/" + userName() + "_128.jpg" },
	"$randomImageUrl":    image(""), "$randomAbstractImage": image("/abstract"), "$randomAnimalsImage": image("/animals"),
	"$randomBusinessImage": image("/business"), "$randomCatsImage": image("/cats"), "$randomCityImage": image("/city"),
	"$randomFoodImage": image("/food"), "$randomNightlifeImage": image("/nightlife"), "$randomFashionImage": image("/fashion"),
	"$randomPeopleImage": image("/people"), "$randomNatureImage": image("/nature"), "$randomSportsImage": image("/sports"), "$randomTransportImage": image("/transport"),
	"$randomImageDataUri": func() string {
		return "data:image/svg+xml;charset=UTF-8,%3Csvg%20xmlns%3D%22http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg%22%20width%3D%22640%22%20height%3D%22480%22%3E%3Crect%20width%3D%22100%25%22%20height%3D%22100%25%22%20fill%3D%22grey%22%2F%3E%3C%2Fsvg%3E"
	},

	"$randomEmail":        func() string { return userName() + "@" + oneOf("gmail.com yahoo.com hotmail.com") },
	"$randomExampleEmail": func() string { return userName() + "@example." + oneOf("com net org") },
	"$randomUserName":     userName,
	"$randomUrl":          func() string { return oneOf("http https") + "://" + domain() },
	"$randomDomainName":   domain, "$randomDomainSuffix": choose("com biz info name net org"),
	"$randomDomainWord": func() string { return strings.ToLower(oneOf(firstNames)) },

	"$randomLoremWord": choose(lorem), "$randomLoremWords": func() string { return repeat(3, " ", choose(lorem)) },
	"$randomLoremSentence": sentence, "$randomLoremSlug": func() string { return repeat(3, "-", choose(lorem)) },
	"$randomLoremSentences": func() string { return repeat(between(2, 6), " ", sentence) }, "$randomLoremParagraph": paragraph,
	"$randomLoremParagraphs": func() string { return repeat(3, "\n \r", paragraph) }, "$randomLoremText": paragraph,
	"$randomLoremLines": func() string { return repeat(between(1, 5), "\n", sentence) },

	"$randomFirstName": choose(firstNames), "$randomLastName": choose(lastNames),
	"$randomFullName":   func() string { return oneOf(firstNames) + " " + oneOf(lastNames) },
	"$randomNamePrefix": choose("Mr. Mrs. Ms. Miss Dr."), "$randomNameSuffix": choose("Jr. Sr. I II III IV V MD DDS PhD DVM"),
	"$randomJobTitle":      func() string { return oneOf(jobLevels) + " " + oneOf(jobAreas) + " " + oneOf(jobTypes) },
	"$randomJobDescriptor": choose(jobLevels), "$randomJobArea": choose(jobAreas), "$randomJobType": choose(jobTypes),

	"$randomFileName": func() string { return fileName(exts) }, "$randomCommonFileName": func() string { return fileName(commonExts) },
	"$randomMimeType": choose(mimeTypes), "$randomCommonFileType": choose("video audio image text application"), "$randomCommonFileExt": choose(commonExts),
	"$randomFileType": choose("application audio font image message model text video"), "$randomFileExt": choose(exts),
}

func repeat(n int, sep string, word func() string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = word()
	}
	return strings.Join(parts, sep)
}

func word() string {
	lists := []string{products, adjectives, materials, departments, hackerNouns, hackerAdj, bsNouns, colors}
	return oneOf(lists[source.IntN(len(lists))])
}

func streetName() string {
	return oneOf(lastNames) + " " + oneOf("Avenue Bridge Brook Circle Corner Court Drive Field Gardens Glen Grove Hill Lane Meadow Mill Park Pass Path Place Ridge Road Square Street Trail View Walk Way")
}

func userName() string {
	return oneOf(firstNames) + pick("._") + oneOf(lastNames) + fmt.Sprint(between(0, 99))
}

func domain() string {
	return strings.ToLower(oneOf(firstNames)) + "." + oneOf("com biz info name net org")
}

func fileName(extensions string) string {
	return repeat(between(1, 4), "_", choose(hackerNouns+" "+lorem)) + "." + oneOf(extensions)
}

func sentence() string {
	s := []rune(repeat(between(3, 10), " ", choose(lorem)))
	s[0] = unicode.ToUpper(s[0])
	return string(s) + "."
}

func paragraph() string { return repeat(between(3, 6), " ", sentence) }

func phrase() string {
	return fmt.Sprintf(oneOf("If we %s the %s, we can get to the %s %s through the %s %s %s!|"+
		"We need to %s the %s, it is in the %s %s behind the %s %s %s!|"+
		"Try to %s the %s, maybe it will reach the %s %s of the %s %s %s!"),
		oneOf(hackerVerbs), oneOf(hackerNouns), oneOf(abbreviations), oneOf(hackerNouns), oneOf(hackerAdj), oneOf(abbreviations), oneOf(hackerNouns))
}
