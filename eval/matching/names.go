package matching

// Family and given names that are common in the United States, in no order, and drawn apart, so
// that a pair names nobody. The first are drawn most often (Zipf's law, as names are).

var families = []string{
	"Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez",
	"Hernandez", "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin",
	"Lee", "Perez", "Thompson", "White", "Harris", "Sanchez", "Clark", "Ramirez", "Lewis", "Robinson",
	"Walker", "Young", "Allen", "King", "Wright", "Scott", "Torres", "Nguyen", "Hill", "Flores",
	"Green", "Adams", "Nelson", "Baker", "Hall", "Rivera", "Campbell", "Mitchell", "Carter", "Roberts",
	"Gomez", "Phillips", "Evans", "Turner", "Diaz", "Parker", "Cruz", "Edwards", "Collins", "Reyes",
	"Stewart", "Morris", "Morales", "Murphy", "Cook", "Rogers", "Gutierrez", "Ortiz", "Morgan", "Cooper",
	"Peterson", "Bailey", "Reed", "Kelly", "Howard", "Ramos", "Kim", "Cox", "Ward", "Richardson",
	"Watson", "Brooks", "Chavez", "Wood", "James", "Bennett", "Gray", "Mendoza", "Ruiz", "Hughes",
	"Price", "Alvarez", "Castillo", "Sanders", "Patel", "Myers", "Long", "Ross", "Foster", "Jimenez",
	"Powell", "Jenkins", "Perry", "Russell", "Sullivan", "Bell", "Coleman", "Butler", "Henderson", "Barnes",
	"Fisher", "Vasquez", "Simmons", "Romero", "Jordan", "Patterson", "Alexander", "Hamilton", "Graham", "Reynolds",
	"O'Brien", "De la Cruz", "Van Dyke", "Kowalski", "Schneider", "Nakamura", "Okafor", "Lindqvist", "Haddad", "Novak",
	"Petrov", "Singh", "Khan", "Chen", "Wang", "Yamamoto", "Dubois", "Rossi", "Andersson", "Papadopoulos",
}

var women = []string{
	"Mary", "Patricia", "Jennifer", "Linda", "Elizabeth", "Barbara", "Susan", "Jessica", "Karen", "Sarah",
	"Lisa", "Nancy", "Sandra", "Ashley", "Emily", "Kimberly", "Betty", "Margaret", "Donna", "Michelle",
	"Carol", "Amanda", "Melissa", "Deborah", "Stephanie", "Rebecca", "Sharon", "Laura", "Cynthia", "Amy",
	"Kathleen", "Angela", "Dorothy", "Shirley", "Emma", "Brenda", "Nicole", "Pamela", "Samantha", "Anna",
	"Katherine", "Christine", "Debra", "Rachel", "Olivia", "Carolyn", "Maria", "Janet", "Heather", "Diane",
	"Catherine", "Julie", "Victoria", "Helen", "Joyce", "Lauren", "Kelly", "Christina", "Joan", "Judith",
	"Hannah", "Marie", "Kayla", "Layla", "Mia", "Maya", "Isabel", "Isabella", "Ana", "Hanna",
	"Carmen", "Rosa", "Fatima", "Priya", "Mei", "Yuki", "Ingrid", "Aisha", "Zoe", "Chloe",
}

var men = []string{
	"James", "Robert", "John", "Michael", "David", "William", "Richard", "Joseph", "Thomas", "Charles",
	"Christopher", "Daniel", "Matthew", "Anthony", "Mark", "Donald", "Steven", "Andrew", "Paul", "Joshua",
	"Kenneth", "Kevin", "Brian", "George", "Timothy", "Ronald", "Edward", "Jason", "Jeffrey", "Ryan",
	"Jacob", "Gary", "Nicholas", "Eric", "Jonathan", "Stephen", "Larry", "Justin", "Scott", "Brandon",
	"Benjamin", "Samuel", "Gregory", "Alexander", "Frank", "Patrick", "Raymond", "Jack", "Dennis", "Jerry",
	"Tyler", "Aaron", "Jose", "Adam", "Nathan", "Henry", "Zachary", "Douglas", "Peter", "Kyle",
	"Noah", "Ethan", "Jeremy", "Jayden", "Hayden", "Aiden", "Kaiden", "Juan", "Luis", "Carlos",
	"Mohammed", "Omar", "Wei", "Hiroshi", "Raj", "Arjun", "Dmitri", "Lars", "Marco", "Darren",
}

// near are given names of twins that differ by little: what a typing error could make of each
// other.
var near = [][2]string{
	{"Jayden", "Hayden"}, {"Kayla", "Layla"}, {"Mia", "Maya"}, {"Marie", "Maria"}, {"Ana", "Anna"},
	{"Aiden", "Kaiden"}, {"Darren", "Aaron"}, {"Isabel", "Isabella"}, {"Hannah", "Hanna"}, {"Joan", "Jean"},
	{"Eric", "Erik"}, {"Taylor", "Tyler"}, {"Brandon", "Brendon"}, {"Stephen", "Steven"}, {"Christina", "Christine"},
}

// nicknames are what people are called, and some forms are filled in with.
var nicknames = map[string]string{
	"Robert": "Bob", "William": "Bill", "Richard": "Rick", "James": "Jim", "Michael": "Mike", "Elizabeth": "Liz",
	"Katherine": "Kate", "Margaret": "Peggy", "Patricia": "Pat", "Joseph": "Joe", "Thomas": "Tom", "Christopher": "Chris",
	"Jennifer": "Jen", "Samantha": "Sam", "Susan": "Sue", "Anthony": "Tony", "Edward": "Ed", "Daniel": "Dan",
}

var streets = []string{
	"Alder", "Birch", "Cedar", "Dogwood", "Elm", "Foxglove", "Garrison", "Harvest", "Ironwood", "Juniper",
	"Kingfisher", "Larkspur", "Main", "Meadow", "Oak", "Pinecrest", "Quarry", "Ridge", "Rosewood", "Tamarack",
	"Washington", "Lincoln", "Park", "Lake", "Hill", "Church", "Spring", "Mill", "River", "Sunset",
}

var (
	hospitals    = []string{"Lakeshore Regional Hospital", "Mount Alder General Hospital"}
	laboratories = []string{"Bluestem Diagnostics", "Summit Ridge Laboratory Services"}
	payers       = []string{"Evergreen Mutual Health", "Blue Heron Health Plan", "Keystone Harbor Assurance"}
)
